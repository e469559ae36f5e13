import { CANDIDATE_FEATURES } from "../core/features.ts";
import type { Limits, Score } from "../core/stages.ts";
import type { Scene, Taken } from "./tree.ts";

/** How much of a learnt model's rank is its Q, its Monte-Carlo value and the log of what people do. */
export type Rank = Readonly<{ q: number; value: number; support: number }>;

/** A model that knows its limits, and what of these is another for this policy. */
export type Learnt = Readonly<{
  kind: "learnt";
  model: string;
  /** Another rank than its manifest's, or what people would do by it; null for its own. */
  rank: Rank | "clone" | null;
  limits: Readonly<{
    m?: number;
    delta?: number;
    support?: number;
    distance?: number;
    /** The greatest P(harm) of tiers 0..3. */
    harm?: readonly number[];
  }>;
  /** Added to the rank of calling a person, in the unit of the rank. */
  pageBonus: number;
  /** What is done where it would ask a person: ask, call one, or act; who acts has no doubts about waiting either. */
  onAsk: "ask" | "page" | "act";
  /** As if its gate had been able to judge every runbook, so that none takes a person's consent for that alone. */
  isJudged: boolean;
}>;

const NUMBER = String.raw`-?\d+(?:\.\d+)?(?:e-?\d+)?`;
const PART = new RegExp(`^(m|delta|support|distance|page|harm|rank):(${NUMBER}(?:,${NUMBER})*)$`);
const TIERS = 4;

type Parts = Readonly<{ values: ReadonlyMap<string, readonly number[]>; flags: readonly string[] }>;

/**
 * The policy of a name such as `onnx:NAME+m:2+noask` or `clone:NAME+harm:0.4`, the parts in any order; null where there is
 * none of that name. `+noask` calls a person wherever it would ask one, and `+act` acts; `+judged` asks about no runbook
 * for the gate's sake.
 */
export const learntPolicy = (name: string): Learnt | null => {
  const [head = "", ...rest] = name.split("+");
  const [, source, model] = /^(onnx|clone):([^+]+)$/.exec(head) ?? [];
  const parts = partsOf(rest);
  if (model === undefined || parts === null) return null;
  const { values, flags } = parts;
  const harm = values.get("harm");
  const rank = values.get("rank");
  const turns = flags.filter((flag) => flag !== "judged");
  const isOne = [...values].every(([key, numbers]) => key === "harm" || key === "rank" || numbers.length === 1);
  if (!isOne || !isOfLength(harm, [1, TIERS]) || !isOfLength(rank, [3])) return null;
  if (turns.length > 1 || flags.length - turns.length > 1) return null;
  if (source === "clone" && rank !== undefined) return null;
  const [q = 0, value = 0, support = 0] = rank ?? [];
  const single = (key: string) => values.get(key)?.[0];
  return {
    ...{ kind: "learnt", model },
    rank: source === "clone" ? "clone" : rank === undefined ? null : { q, value, support },
    limits: {
      ...Object.fromEntries(["m", "delta", "support", "distance"].flatMap((key) => entryOf(key, single(key)))),
      ...(harm === undefined ? {} : { harm: harm.length === 1 ? Array(TIERS).fill(harm[0]) : harm }),
    },
    pageBonus: single("page") ?? 0,
    onAsk: turns[0] === "noask" ? "page" : turns[0] === "act" ? "act" : "ask",
    isJudged: flags.includes("judged"),
  };
};

const isOfLength = (numbers: readonly number[] | undefined, lengths: readonly number[]): boolean =>
  numbers === undefined || lengths.includes(numbers.length);

const entryOf = (key: string, value: number | undefined): readonly (readonly [string, number])[] =>
  value === undefined ? [] : [[key, value]];

const partsOf = (texts: readonly string[]): Parts | null => {
  const values = new Map<string, readonly number[]>();
  const flags: string[] = [];
  for (const text of texts) {
    const [, key, numbers] = PART.exec(text) ?? [];
    if (text === "noask" || text === "act" || text === "judged") flags.push(text);
    else if (key === undefined || numbers === undefined || values.has(key)) return null;
    else values.set(key, numbers.split(",").map(Number));
  }
  return { values, flags };
};

/** Its name among those that score: one model ranks in one way, however many policies take its scores. */
export const scorerOf = ({ model, rank }: Pick<Learnt, "model" | "rank">): string => {
  if (rank === "clone") return `clone:${model}`;
  return rank === null ? `onnx:${model}` : `onnx:${model}+rank:${rank.q},${rank.value},${rank.support}`;
};

/** Far beyond any difference of ranks and any distance, and finite, as limits have to be. */
const ANY = 1e6;
const NO_DOUBTS = { m: 0, delta: -ANY, support: 0, distance: ANY, approval: [] } as const;

/** The limits of the model with what this policy has in their place. */
export const limitsOf = ({ limits: { harm, ...others }, onAsk, isJudged }: Learnt, own: Limits): Limits => ({
  ...own,
  ...others,
  ...(isJudged ? { approval: [] } : {}),
  ...(onAsk === "act" ? NO_DOUBTS : {}),
  tiers: own.tiers.map(({ tier, maxHarm }) => ({ tier, maxHarm: harm?.[tier] ?? maxHarm })),
});

/** What the policy does where it is in doubt. */
export const turnsOf =
  ({ onAsk }: Learnt) =>
  (taken: Taken, scene: Scene): Taken => {
    if (!taken.asks || onAsk === "ask") return taken;
    return onAsk === "act" ? { ...taken, asks: false } : paging(scene);
  };

/** Calling a person in this scene. Throws where nobody can be called: the guard always lets one. */
export const paging = ({ candidates, verdicts }: Scene): Taken => {
  const index = candidates.findIndex((features, place) => isPage(features) && verdicts[place]?.kind === "allowed");
  if (index < 0) throw new Error("nobody can be called in this scene");
  return { index, asks: false };
};

const PAGES = CANDIDATE_FEATURES.indexOf("pages");
const isPage = (features: readonly number[] | undefined): boolean => features?.[PAGES] === 1;

/** The same scores with the bonus on calling a person, of every member alike. */
export const withBonus = (candidates: Scene["candidates"], scores: readonly Score[], bonus: number): readonly Score[] =>
  scores.map((score, index) => {
    if (!isPage(candidates[index])) return score;
    const q = { ...score.q, mean: score.q.mean + bonus };
    if (score.outlook === undefined) return { ...score, q };
    const members = score.outlook.members.map((one) => one + bonus);
    return { q, outlook: { ...score.outlook, members } };
  });
