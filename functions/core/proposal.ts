import { type AbstainedCode, type Because, because, type ExcludedCode } from "./reasons.ts";
import type { Runbook } from "./runbook.ts";
import type { Draw, Limits } from "./stages.ts";
import { bestFirst, type Standing, worthOf } from "./standing.ts";
import { callOn, exclusionOf, questionOn } from "./trust.ts";

/** What a proposal is drawn under, beside the candidates. `severity` 1 is the gravest; `limits` null: no learnt model. */
export type Terms = Readonly<{ draw: Draw; limits: Limits | null; severity: number }>;

/**
 * What may be proposed: the probability of each index that may be drawn, the best first, summing to 1; or why nothing is,
 * and what happens instead. `excluded`: what was left out as too likely to harm, by index.
 */
export type Proposal = Readonly<{ excluded: ReadonlyMap<number, Because<ExcludedCode>> }> &
  (
    | Readonly<{ kind: "drawn"; shares: ReadonlyMap<number, number> }>
    | Readonly<{ kind: "abstained"; because: Because<AbstainedCode>; falls: "page" | "wait" }>
  );

/** Refusals that end by themselves soon: looking again in a few minutes is better than waking somebody. */
const PASSING: readonly string[] = ["lease-held", "change-in-progress"];

/** How many a proposal is drawn from at most, the best included. */
const TIED_AT_MOST = 3;

/**
 * What may be proposed among these candidates: what would be is left out by harm first, then the best of the rest is
 * found, then it is looked whether the model's word on it is enough. Numbers that cannot be trusted are no matter of this:
 * whoever asks has looked. The same candidates under the same terms give the same answer.
 */
export const proposalOf = (standings: readonly Standing[], terms: Terms): Proposal => {
  const { limits, draw } = terms;
  const excluded = new Map(
    standings.flatMap((one, i) => {
      const why = limits === null ? null : exclusionOf(limits, one);
      return why === null ? [] : [[i, why] as const];
    }),
  );
  const allowed = standings.flatMap((one, i) =>
    one.refused === null && one.kind !== null && !excluded.has(i) ? [i] : [],
  );
  const order = allowed.toSorted((a, b) => bestFirst(standings, a, b));
  const best = order[0] === undefined ? undefined : standings[order[0]];
  const page = pageAmong(standings);
  const abstained = (why: Because<AbstainedCode>, falls: "page" | "wait" = "page"): Proposal => ({
    ...{ kind: "abstained", because: why, falls, excluded },
  });

  const barred = draw === "uniform" ? null : barredBest(standings, best);
  if (barred !== null) {
    const { code, detail } = barred;
    const canWait = allowed.some((i) => isOf(standings, i, "wait"));
    const why = because("all-refused", `the best effect was refused: ${detail}`);
    return abstained(why, PASSING.includes(code) && canWait ? "wait" : "page");
  }
  const harmful = draw === "uniform" ? null : harmfulBest(standings, excluded, best);
  if (harmful !== null) return abstained(because("harm-too-likely", `the best effect was left out: ${harmful.detail}`));
  const rash = draw === "uniform" || limits === null || best === undefined ? null : callOn(limits, best, page);
  if (rash !== null) return abstained(rash);
  if (order.length === 0) return abstained(because("all-refused", "no candidate is allowed"));
  return { kind: "drawn", shares: sharesOf(standings, order, terms), excluded };
};

const isOf = (standings: readonly Standing[], index: number, kind: Runbook["kind"]): boolean =>
  standings[index]?.kind === kind;

/** Why the refused effect that would have beaten everything allowed was refused, where no effect at all is allowed. */
const barredBest = (standings: readonly Standing[], best: Standing | undefined): Standing["refused"] => {
  const effects = standings.filter((one) => one.touches);
  if (effects.some(({ refused }) => refused === null)) return null;
  const rivals = effects.filter((one) => worthOf(one) > worthOf(best)).toSorted((a, b) => worthOf(b) - worthOf(a));
  return rivals[0]?.refused ?? null;
};

/** Why the best of what was left out was, where a person would be called though it was worth more. */
const harmfulBest = (
  standings: readonly Standing[],
  excluded: ReadonlyMap<number, Because<ExcludedCode>>,
  best: Standing | undefined,
): Because<ExcludedCode> | null => {
  if (best !== undefined && best.kind !== "page") return null;
  const [worst] = [...excluded.keys()].toSorted((a, b) => bestFirst(standings, a, b));
  return worst !== undefined && worthOf(standings[worst]) > worthOf(best) ? (excluded.get(worst) ?? null) : null;
};

/** The probability of each index that may be drawn; they sum to 1. @param order of the allowed, the best first */
const sharesOf = (
  standings: readonly Standing[],
  order: readonly number[],
  terms: Terms,
): ReadonlyMap<number, number> => {
  const { draw } = terms;
  if (draw === "uniform") return new Map(order.toSorted((a, b) => a - b).map((index) => [index, 1 / order.length]));
  if (draw === "best") return new Map(order.slice(0, 1).map((index) => [index, 1]));
  const tied = tieSet(standings, order, draw.delta, terms);
  const share = draw.epsilon / tied.length;
  return new Map(tied.map((index, place) => [index, place === 0 ? 1 - share * (tied.length - 1) : share]));
};

/**
 * The best and what may be tried in its place: about as good, and cheap to be wrong about. Alone where the best itself is
 * not cheap, or where a person is to be asked about it. `wait` comes before better ones: what an action brings is told by
 * nothing else.
 */
const tieSet = (
  standings: readonly Standing[],
  order: readonly number[],
  delta: number,
  terms: Terms,
): readonly number[] => {
  const [best, ...rest] = order;
  if (best === undefined || !mayTry(standings, best, terms)) return order.slice(0, 1);
  const value = (index: number): number => worthOf(standings[index]);
  const near = rest.filter((index) => value(index) >= value(best) - delta && mayTry(standings, index, terms));
  const waits = (index: number): number => (isOf(standings, index, "wait") ? 0 : 1);
  return [best, ...near.toSorted((a, b) => waits(a) - waits(b))].slice(0, TIED_AT_MOST);
};

/**
 * Whether it may be drawn to learn from it: gentle, nothing that the model's word is not enough for, and no waiting where
 * an outage is at its gravest.
 */
const mayTry = (standings: readonly Standing[], index: number, { limits, severity }: Terms): boolean => {
  const one = standings[index];
  if (one === undefined || one.tier > 1 || (one.kind === "wait" && severity === 1)) return false;
  const page = pageAmong(standings);
  return limits === null || (questionOn(limits, one, page) ?? callOn(limits, one, page)) === null;
};

/** Handing over as it may be chosen, which an effect has to beat. */
export const pageAmong = (standings: readonly Standing[]): Standing | undefined =>
  standings.find(({ kind, refused }) => kind === "page" && refused === null);
