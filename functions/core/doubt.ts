import type { ChooseInput } from "./choose.ts";
import { type AbstainedCode, type Because, because } from "./reasons.ts";
import type { Estimate, Limits, Outlook, Score } from "./stages.ts";

/** The smallest normal numbers of a float32 and of a float64 (IEEE 754-2019, table 3.5): nothing that is measured is less. */
const LEAST_FEATURE = 2 ** -126;
const LEAST = 2 ** -1022;

const areFinite = (values: readonly number[]): boolean => values.every((value) => Number.isFinite(value));
const areNormal = (values: readonly number[], least: number): boolean =>
  values.every((value) => Number.isFinite(value) && (value === 0 || Math.abs(value) >= least));

const parts = ({ mean, low, high }: Estimate): readonly number[] => [mean, low, high];
const numbersOf = ({ members, value, recovers, harms, support, distance }: Outlook): readonly number[] => [
  ...members,
  ...parts(value),
  ...parts(recovers),
  ...parts(harms),
  support,
  distance,
];

/** Whether every number of a score is finite: what is not would be lost in a journal. */
export const isFiniteScore = ({ q, outlook }: Score): boolean =>
  areFinite([q.mean, q.sd]) && (outlook === undefined || areFinite(numbersOf(outlook)));

/** Why nobody should trust these numbers, or null. Those of refused candidates are no reason to doubt the others. */
export const doubtIn = (input: ChooseInput): Because<AbstainedCode> | null => {
  if (input.scorerFailure !== null) return input.scorerFailure;
  const { limits } = input;
  // A model computes in float32; whoever needs none takes what is finite.
  const isVector = (values: readonly number[]): boolean =>
    limits === undefined ? areFinite(values) : areNormal(values, LEAST_FEATURE);
  if (!isVector(input.state)) return because("bad-features", `a feature of the situation ${isNo(limits)}`);
  const allowed = input.priced.filter((one) => one.verdict.kind === "allowed");
  if (!allowed.every((one) => isVector(one.features)))
    return because("bad-features", `a candidate's feature ${isNo(limits)}`);
  const scores = allowed.flatMap(({ score }) => (score === null ? [] : [score]));
  if (scores.length < allowed.length || !scores.every(isFiniteScore))
    return because("no-model", "the scorer gave no finite value for an allowed candidate");
  return limits === undefined ? null : (limitsDoubt(limits) ?? modelDoubt(limits, scores));
};

const isNo = (limits: Limits | undefined): string =>
  limits === undefined ? "is not a finite number" : "is not a finite number, or smaller than a float32 can be";

/** Limits that do not limit: a comparison with what is no number holds for nobody. */
const limitsDoubt = ({ m, delta, support, distance, tiers }: Limits): Because<AbstainedCode> | null =>
  areFinite([m, delta, support, distance, ...tiers.map(({ maxHarm }) => maxHarm)])
    ? null
    : because("model-mismatch", "a limit of the model is not a finite number");

const modelDoubt = (limits: Limits, scores: readonly Score[]): Because<AbstainedCode> | null => {
  const outlooks = scores.flatMap(({ outlook }) => outlook ?? []);
  if (limits.asks === null && outlooks.length < scores.length)
    return because("no-model", "the model did not say what to expect of an allowed candidate");
  if (!scores.every(({ q }) => areNormal([q.mean, q.sd], LEAST)) || !outlooks.every(isSound))
    return because("no-model", "the model expects what cannot be of an allowed candidate");
  const members = new Set(outlooks.map((outlook) => outlook.members.length));
  return members.size > 1 || members.has(0)
    ? because("no-model", "not every member of the model spoke of every allowed candidate")
    : null;
};

const isShare = (estimate: Estimate): boolean => parts(estimate).every((share) => share >= 0 && share <= 1);

const isSound = (outlook: Outlook): boolean =>
  areNormal(numbersOf(outlook), LEAST) &&
  isShare(outlook.recovers) &&
  isShare(outlook.harms) &&
  outlook.support >= 0 &&
  outlook.distance >= 0;
