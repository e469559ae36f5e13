import { candidateKey } from "./draft.ts";
import { decisionId, hashOf, sha256 } from "./ids.ts";
import { type AbstainedCode, type Because, because } from "./reasons.ts";
import { type Catalogue, findRunbook, type Runbook } from "./runbook.ts";
import type { Abstention, Allowed, Choice, Draw, Plan, Score, Verdict, Weighed } from "./stages.ts";

/** What choose may know: verdicts and scores of the same candidates, in the same order. */
export type ChooseInput = Readonly<{
  incidentId: string;
  step: number;
  nowMs: number;
  approvalSeconds: number;
  catalogue: Catalogue;
  priced: readonly Readonly<{ verdict: Verdict; features: readonly number[]; score: Score | null }>[];
  state: readonly number[];
  /** Of the service, 1 the gravest; where it is left out, `wait` is not explored. */
  severity?: number;
  draw: Draw;
  /** Set where the scorer could not speak at all. */
  scorerFailure: Because<AbstainedCode> | null;
}>;

export type Chosen = Readonly<{ weighed: readonly Weighed[]; result: Choice | Abstention; seed: string }>;

/** Refusals that end by themselves soon: looking again in a few minutes is better than waking somebody. */
const PASSING: readonly string[] = ["lease-held", "change-in-progress"];

/** A number in [0, 1) from a text: the draw is part of the record, anyone can repeat it. */
const unitFrom = (seed: string): number => Number.parseInt(sha256(seed).slice(0, 12), 16) / 2 ** 48;

const kindOf = (catalogue: Catalogue, verdict: Verdict): Runbook["kind"] | null =>
  findRunbook(catalogue, verdict.candidate.runbook, verdict.candidate.version)?.kind ?? null;

const finite = (values: readonly number[]): boolean => values.every((value) => Number.isFinite(value));

/** Why nobody should trust these numbers, or null. */
const doubt = (input: ChooseInput): Because<AbstainedCode> | null => {
  if (input.scorerFailure !== null) return input.scorerFailure;
  if (!finite(input.state)) return because("bad-features", "a feature of the situation is not a finite number");
  const allowed = input.priced.filter((one) => one.verdict.kind === "allowed");
  if (!allowed.every((one) => finite(one.features)))
    return because("bad-features", "a candidate's feature is not a finite number");
  if (!allowed.every((one) => one.score !== null && finite([one.score.q.mean, one.score.q.sd])))
    return because("no-model", "the scorer gave no finite value for an allowed candidate");
  return null;
};

/** Better first: higher value, then an action that touches nothing, then the gentler tier, then the older position. */
const bestFirst = (input: ChooseInput, a: number, b: number): number => {
  const [x, y] = [input.priced[a], input.priced[b]];
  if (x === undefined || y === undefined) return 0;
  const value = (y.score?.q.mean ?? Number.NEGATIVE_INFINITY) - (x.score?.q.mean ?? Number.NEGATIVE_INFINITY);
  if (value !== 0) return value;
  const touches = (one: typeof x): number => (one.verdict.candidate.target === null ? 0 : 1);
  return touches(x) - touches(y) || x.verdict.tier - y.verdict.tier || a - b;
};

const planFor = (input: ChooseInput, runbook: Runbook, verdict: Allowed): Plan | null => {
  const { candidate } = verdict;
  if (runbook.documents === null || candidate.target === null) return null;
  const planned = {
    runbook: candidate.runbook,
    version: candidate.version,
    documentHash: runbook.documents.automation.hash,
    undoHash: runbook.documents.undo?.hash ?? null,
    target: candidate.target,
    params: candidate.params,
  };
  return {
    hash: hashOf({ incidentId: input.incidentId, step: input.step, ...planned }),
    ...planned,
    madeAtMs: input.nowMs,
    expiresAtMs: input.nowMs + input.approvalSeconds * 1000,
  };
};

/** The one place where a Choice is minted: only from an allowed verdict. */
const choiceOf = (input: ChooseInput, index: number, verdict: Allowed): Choice | null => {
  const runbook = findRunbook(input.catalogue, verdict.candidate.runbook, verdict.candidate.version);
  if (runbook === null) return null;
  return {
    kind: "chosen",
    index,
    candidate: verdict.candidate,
    tier: verdict.tier,
    consents: verdict.consents,
    plan: planFor(input, runbook, verdict),
    asks: null,
  } as Choice;
};

const abstain = (input: ChooseInput, why: Because<AbstainedCode>, falls: "page" | "wait", seed: string): Chosen => {
  const index = input.priced.findIndex((one) => kindOf(input.catalogue, one.verdict) === falls);
  return {
    seed,
    result: { kind: "abstained", because: why, falls },
    weighed: weigh(input, (i) => (i === index ? 1 : 0)),
  };
};

const weigh = (input: ChooseInput, probability: (index: number) => number): readonly Weighed[] =>
  input.priced.map((one, i) => {
    const known = one.score !== null && finite([one.score.q.mean, one.score.q.sd]);
    return { ...one, score: known ? one.score : null, excluded: null, probability: probability(i) };
  });

/**
 * Picks among the allowed candidates. A refused one has probability exactly 0, whatever its value. Abstains where the
 * numbers cannot be trusted, and where every effect was refused though one of them would have been the best.
 */
export const choose = (input: ChooseInput): Chosen => {
  const seed = decisionId(input.incidentId, input.step);
  const why = doubt(input);
  if (why !== null) return abstain(input, why, "page", seed);
  const allowed = input.priced.flatMap((one, i) => (one.verdict.kind === "allowed" ? [i] : []));
  const order = allowed.toSorted((a, b) => bestFirst(input, a, b));
  const barred = barredBest(input, order[0]);
  if (barred !== null) {
    const passing = barred.kind === "refused" && PASSING.includes(barred.because.code);
    const canWait = allowed.some((i) => isKind(input, i, "wait"));
    const why = barred.kind === "refused" ? `: ${barred.because.detail}` : "";
    const detail = `the best effect was refused${why}`;
    return abstain(input, because("all-refused", detail), passing && canWait ? "wait" : "page", seed);
  }
  const shares = sharesOf(input, order);
  const picked = drawn(shares, unitFrom(seed));
  const verdict = picked === undefined ? undefined : input.priced[picked]?.verdict;
  const choice = picked === undefined || verdict?.kind !== "allowed" ? null : choiceOf(input, picked, verdict);
  if (choice === null) return abstain(input, because("all-refused", "no candidate is allowed"), "page", seed);
  return { seed, result: choice, weighed: weigh(input, (i) => shares.get(i) ?? 0) };
};

/** The probability of each index that may be drawn; they sum to 1. @param order of the allowed, the best first */
const sharesOf = (input: ChooseInput, order: readonly number[]): ReadonlyMap<number, number> => {
  const { draw } = input;
  if (draw === "uniform") return new Map(order.toSorted((a, b) => a - b).map((index) => [index, 1 / order.length]));
  if (draw === "best") return new Map(order.slice(0, 1).map((index) => [index, 1]));
  const tied = tieSet(input, order, draw.delta);
  const share = draw.epsilon / tied.length;
  return new Map(tied.map((index, place) => [index, place === 0 ? 1 - share * (tied.length - 1) : share]));
};

/** How many a proposal is drawn from at most, the best included. */
const TIED_AT_MOST = 3;

/**
 * The best and what may be tried in its place: about as good, and cheap to be wrong about. Alone where the best itself is
 * not cheap. `wait` comes before better ones: what an action brings is told by nothing else.
 */
const tieSet = (input: ChooseInput, order: readonly number[], delta: number): readonly number[] => {
  const [best, ...rest] = order;
  if (best === undefined || !mayTry(input, best)) return order.slice(0, 1);
  const value = (index: number): number => input.priced[index]?.score?.q.mean ?? Number.NEGATIVE_INFINITY;
  const near = rest.filter((index) => mayTry(input, index) && value(index) >= value(best) - delta);
  const waits = (index: number): number => (isKind(input, index, "wait") ? 0 : 1);
  return [best, ...near.toSorted((a, b) => waits(a) - waits(b))].slice(0, TIED_AT_MOST);
};

/** Whether it may be drawn to learn from it: gentle, and no waiting where an outage is at its gravest. */
const mayTry = (input: ChooseInput, index: number): boolean =>
  (input.priced[index]?.verdict.tier ?? 3) <= 1 && !(isKind(input, index, "wait") && (input.severity ?? 1) === 1);

/** The index on whose part of [0, 1) the number falls, the parts laid end to end. */
const drawn = (shares: ReadonlyMap<number, number>, at: number): number | undefined => {
  let upTo = 0;
  for (const [index, share] of shares) {
    upTo += share;
    if (at < upTo) return index;
  }
  // Rounding may leave the sum a hair below 1.
  return [...shares.keys()].at(-1);
};

const isKind = (input: ChooseInput, index: number, kind: Runbook["kind"]): boolean => {
  const verdict = input.priced[index]?.verdict;
  return verdict !== undefined && kindOf(input.catalogue, verdict) === kind;
};

/** The refused effect that would have beaten everything allowed, where no effect at all is allowed. */
const barredBest = (input: ChooseInput, best: number | undefined): Verdict | null => {
  const effects = input.priced.filter((one) => one.verdict.candidate.target !== null);
  if (input.draw === "uniform" || effects.length === 0 || effects.some((one) => one.verdict.kind === "allowed"))
    return null;
  const top = best === undefined ? undefined : input.priced[best];
  const value = top?.score?.q.mean ?? Number.NEGATIVE_INFINITY;
  const worth = (one: (typeof effects)[number]): number => one.score?.q.mean ?? Number.NEGATIVE_INFINITY;
  const rivals = effects.filter((one) => worth(one) > value).toSorted((a, b) => worth(b) - worth(a));
  return rivals[0]?.verdict ?? null;
};

/** The key under which a candidate appears in episodes. */
export const keyOf = (weighed: Weighed): string => candidateKey(weighed.verdict.candidate);
