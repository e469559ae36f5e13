import type { Context } from "./context.ts";
import { hashOf } from "./ids.ts";
import { type Catalogue, findRunbook, type Runbook } from "./runbook.ts";
import { isBreached, type SliReading, shortfall } from "./severity.ts";
import type { Candidate } from "./stages.ts";
import { baselineOf } from "./verify.ts";

/**
 * Feature vectors, encoded once, here, and logged: numbers from trusted APIs only, no free text, no future.
 * Every feature names its unit and its range; the order of these lists is the order of the vector.
 */
type Feature<Of> = Readonly<{ name: string; unit: string; min: number; max: number; of: Of }>;
/** A context and, once for all features, its SLIs as they stand. */
type Situation = Readonly<{ context: Context; readings: readonly SliReading[] }>;
type StateFeature = Feature<(situation: Situation) => number>;
/** `runbook` is null where the catalogue does not know the candidate's: it then counts as the riskiest. */
type CandidateFeature = Feature<(context: Context, candidate: Candidate, runbook: Runbook | null) => number>;

const minutes = (ms: number): number => ms / 60_000;

const newestChangeMinutes = (context: Context): number => {
  const newest = Math.max(...context.changes.map((change) => change.atMs), Number.NEGATIVE_INFINITY);
  return Number.isFinite(newest) ? minutes(context.openedAtMs - newest) : 1440;
};

const STATE: readonly StateFeature[] = [
  { name: "severity", unit: "1..4", min: 1, max: 4, of: ({ context }) => context.service.severity },
  { name: "step", unit: "decisions", min: 0, max: 5, of: ({ context }) => context.step },
  {
    name: "elapsed",
    unit: "minutes",
    min: 0,
    max: 1440,
    of: ({ context }) => minutes(context.nowMs - context.openedAtMs),
  },
  {
    name: "alarmsRinging",
    unit: "alarms",
    min: 0,
    max: 64,
    of: ({ context }) => context.alarms.filter(({ state }) => state === "ALARM").length,
  },
  {
    name: "newestChangeAge",
    unit: "minutes before the alarm",
    min: -1440,
    max: 1440,
    of: ({ context }) => newestChangeMinutes(context),
  },
  { name: "changes", unit: "changes", min: 0, max: 1000, of: ({ context }) => context.changes.length },
  { name: "sourcesMissing", unit: "sources", min: 0, max: 16, of: ({ context }) => context.missing.length },
  {
    name: "slisBreached",
    unit: "share",
    min: 0,
    max: 1,
    of: ({ context: { service }, readings }) => {
      const hit = service.slis.filter((sli, i) => isBreached(sli, readings[i]?.value ?? null)).length;
      return hit / service.slis.length;
    },
  },
  {
    name: "worstShortfall",
    unit: "share of users",
    min: 0,
    max: 1,
    of: ({ context, readings }) =>
      Math.max(0, ...context.service.slis.map((sli, i) => shortfall(sli, readings[i]?.value ?? null))),
  },
  {
    name: "slisUnread",
    unit: "SLIs",
    min: 0,
    max: 64,
    of: ({ readings }) => readings.filter(({ value }) => value === null).length,
  },
  {
    name: "hour",
    unit: "hour of day, UTC",
    min: 0,
    max: 23,
    of: ({ context }) => new Date(context.nowMs).getUTCHours(),
  },
  { name: "flaps", unit: "times to ALARM within the flap window", min: 0, max: 64, of: ({ context }) => context.flaps },
];

const CANDIDATE: readonly CandidateFeature[] = [
  { name: "fit", unit: "share", min: 0, max: 1, of: (_, candidate) => candidate.fit ?? 0 },
  { name: "fitMissing", unit: "flag", min: 0, max: 1, of: (_, candidate) => (candidate.fit === null ? 1 : 0) },
  { name: "drafterRank", unit: "rank, 32 = not drafted", min: 0, max: 32, of: (_, candidate) => candidate.rank ?? 32 },
  { name: "effect", unit: "flag", min: 0, max: 1, of: (_, candidate) => (candidate.target === null ? 0 : 1) },
  {
    name: "pages",
    unit: "flag",
    min: 0,
    max: 1,
    of: (_, _candidate, runbook) => (runbook?.kind === "page" ? 1 : 0),
  },
  {
    name: "tier",
    unit: "T0..T3",
    min: 0,
    max: 3,
    of: (_, _candidate, runbook) => runbook?.tier ?? 3,
  },
  {
    name: "reversible",
    unit: "flag",
    min: 0,
    max: 1,
    of: (_, _candidate, runbook) => (runbook === null || runbook.reversal === "none" ? 0 : 1),
  },
  {
    name: "expectedMinutes",
    unit: "minutes",
    min: 0,
    max: 240,
    of: (_, _candidate, runbook) => runbook?.expectedMinutes ?? 0,
  },
  {
    name: "triedBefore",
    unit: "times in this incident",
    min: 0,
    max: 6,
    of: (context, candidate) =>
      context.tried.filter((one) => one.runbook === candidate.runbook && one.target === candidate.target).length,
  },
  { name: "drafterRecovers", unit: "probability", min: 0, max: 1, of: (_, candidate) => candidate.recovers ?? 0 },
  {
    name: "drafterRecoversMissing",
    unit: "flag",
    min: 0,
    max: 1,
    of: (_, candidate) => (candidate.recovers === null ? 1 : 0),
  },
];

export const STATE_FEATURES: readonly string[] = STATE.map((feature) => feature.name);
export const CANDIDATE_FEATURES: readonly string[] = CANDIDATE.map((feature) => feature.name);

const described = (features: readonly Feature<unknown>[]) =>
  features.map(({ name, unit, min, max }) => ({ name, unit, min, max }));

/** The schema of both vectors, and its hash: a model that was trained on another one is refused. */
export const FEATURE_SCHEMA = { version: 2, state: described(STATE), candidate: described(CANDIDATE) } as const;
export const FEATURES_HASH: string = hashOf(FEATURE_SCHEMA);

const clamp = (feature: Feature<unknown>, value: number): number =>
  Number.isFinite(value) ? Math.min(feature.max, Math.max(feature.min, value)) : Number.NaN;

/** S numbers. A value outside its range is clamped; one that is not a number stays NaN, so that choose abstains. */
export const encodeState = (context: Context): readonly number[] => {
  const situation = { context, readings: baselineOf(context.service, context.series, context.nowMs).slis };
  return STATE.map((feature) => clamp(feature, feature.of(situation)));
};

/** A numbers of one candidate. */
export const encodeCandidate = (context: Context, candidate: Candidate, catalogue: Catalogue): readonly number[] => {
  const runbook = findRunbook(catalogue, candidate.runbook, candidate.version);
  return CANDIDATE.map((feature) => clamp(feature, feature.of(context, candidate, runbook)));
};
