import type { Context } from "./context.ts";
import { CANDIDATE_FEATURES } from "./features.ts";
import type { Scorer } from "./ports.ts";
import { isBreached } from "./severity.ts";
import { baselineOf } from "./verify.ts";

/**
 * Policies that need no model: each prices a candidate from its feature vector alone, the same vector that is logged.
 * The catalogue's rules say how well the evidence fits; a try that failed in this incident and a higher tier cost.
 */
const feature = (vector: readonly number[], name: string): number =>
  vector[CANDIDATE_FEATURES.indexOf(name)] ?? Number.NaN;

/** One earlier try of the same thing outweighs any fit: what did not help is not repeated before a person is asked. */
const COST_OF_REPEATING = 0.6;
/** Breaks near-ties towards the gentler runbook without ever reordering a clear difference in fit. */
const COST_OF_A_TIER = 0.02;
/** Where no rule speaks for a candidate it stays below `page`, whose fit is 0.5. */
const FIT_WITHOUT_RULE = 0.3;

const byRules = (vector: readonly number[]): number => {
  const fit = feature(vector, "fitMissing") === 1 ? FIT_WITHOUT_RULE : feature(vector, "fit");
  const repeats = feature(vector, "effect") === 1 ? feature(vector, "triedBefore") : 0;
  return fit - COST_OF_REPEATING * repeats - COST_OF_A_TIER * feature(vector, "effect") * feature(vector, "tier");
};

/** The drafter's first choice first; what it did not name keeps its rule's order below. */
const byDrafter = (vector: readonly number[]): number => {
  const rank = feature(vector, "drafterRank");
  return rank < 32 && feature(vector, "triedBefore") === 0 ? 1 - rank / 32 : byRules(vector) - 1;
};

const scorer = (policy: string, draw: Scorer["draw"], price: (vector: readonly number[]) => number): Scorer => ({
  policy,
  modelHash: "",
  draw,
  score: async (_state, candidates) => candidates.map((vector) => ({ q: { mean: price(vector), sd: 0 } })),
});

/** Policies that are built; the command line lists exactly these. */
export const POLICIES: Readonly<Record<string, Scorer>> = {
  rules: scorer("rules", "best", byRules),
  drafter: scorer("drafter", "best", byDrafter),
  uniform: scorer("uniform", "uniform", byRules),
  page: scorer("page", "best", (vector) => (feature(vector, "pages") === 1 ? 1 : 0)),
};

/** A number as people read it: four significant digits, no exponent. */
const readable = (value: number): string => String(Number(value.toPrecision(4)));

/** Facts that a person may want before the scores: how long, how bad, what changed. All computed, none quoted. */
export const headlineFacts = (context: Context): readonly string[] => {
  const ringing = context.alarms.filter((alarm) => alarm.state === "ALARM").length;
  const minutes = Math.round((context.nowMs - context.openedAtMs) / 60_000);
  const readings = baselineOf(context.service, context.series, context.nowMs).slis;
  const breached = context.service.slis.flatMap((sli, i) => {
    const value = readings[i]?.value ?? null;
    return value !== null && isBreached(sli, value)
      ? [`${sli.name} is ${readable(value)}, ${sli.bad} its limit of ${readable(sli.limit)}`]
      : [];
  });
  const change = context.changes.toSorted((a, b) => b.atMs - a.atMs)[0];
  return [
    `${ringing} of ${context.alarms.length} alarms ringing, ${minutes} min after the first`,
    ...(breached.length > 0 ? breached : ["no SLI is beyond its limit"]),
    change === undefined
      ? "no change recorded near it"
      : `newest change: ${change.kind} ${change.ref} ${Math.round((context.openedAtMs - change.atMs) / 60_000)} min before the alarm`,
  ];
};
