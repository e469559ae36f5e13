import type { Deliberation } from "./decide.ts";
import { CANDIDATE_FEATURES } from "./features.ts";
import { type Catalogue, findRunbook, type Runbook } from "./runbook.ts";
import { difference } from "./share-interval.ts";
import type { Estimate, Limits, Weighed } from "./stages.ts";
import { helpedRuns } from "./track-record.ts";

/** Earlier runs of this runbook on alarms of this class, in 90 days, and how many of them helped. */
export type SimilarRuns = Readonly<{ runs: number; helped: number }>;

/** What is expected of one candidate. Null is what nobody knows, or what does not arise. */
export type Prospect = Readonly<{
  kind: Runbook["kind"] | null;
  /** By how much the return to come is better than where a person is called, in the reward's scale. */
  overPage: Estimate | null;
  /** Null of a hand-over: what people do then is not the candidate's. */
  recovers: Estimate | null;
  /** How much more probable recovery is than by waiting, -1..1; null where people seldom waited in such a scene, or could not. */
  upliftOverWait: Estimate | null;
  /** Whether waiting was among what could be chosen. */
  mayWait: boolean;
  harms: Estimate | null;
  expectedMinutes: number | null;
  similarRuns: SimilarRuns | null;
}>;

/** What a prospect is told from. */
export type Told = Readonly<{ weighed: Deliberation["weighed"]; limits: Limits | null }>;

const kindOf = (catalogue: Catalogue, { verdict: { candidate } }: Weighed): Runbook["kind"] | null =>
  findRunbook(catalogue, candidate.runbook, candidate.version)?.kind ?? null;

const asShare = ({ mean, low, high }: Estimate): Estimate => ({
  mean,
  low: Math.max(-1, low),
  high: Math.min(1, high),
});

const PLACES = ["trackRecordMissing", "classRuns", "classHelped", "helped"].map((name) =>
  CANDIDATE_FEATURES.indexOf(name),
);

/** The counts behind a vector's history features; null where the record could not be read. */
const similarRunsIn = (vector: readonly number[]): SimilarRuns | null => {
  const [missing, logRuns, classHelped, helped] = PLACES.map((place) => vector[place] ?? Number.NaN);
  if (missing !== 0 || logRuns === undefined || classHelped === undefined || helped === undefined) return null;
  const runs = Math.round(Math.expm1(logRuns));
  const all = { runs, helped: helpedRuns(runs, classHelped, helped) };
  return Number.isFinite(all.runs) && Number.isFinite(all.helped) ? all : null;
};

/** What is expected of the candidate at `index`, from what was weighed alone. */
export const prospectOf = (catalogue: Catalogue, { weighed, limits }: Told, index: number): Prospect | null => {
  const one = weighed[index];
  if (one === undefined) return null;
  const kind = kindOf(catalogue, one);
  const { runbook, version } = one.verdict.candidate;
  const outlook = one.score?.outlook ?? null;
  const weighedAs = (of: Runbook["kind"]) => weighed.find((other) => kindOf(catalogue, other) === of);
  const [page, wait] = [weighedAs("page")?.score?.outlook ?? null, weighedAs("wait")?.score?.outlook ?? null];
  const isWaitKnown = wait !== null && limits !== null && wait.support >= limits.support;
  const isEffect = kind !== "wait" && kind !== "page";
  return {
    kind,
    overPage: outlook === null || page === null || kind === "page" ? null : difference(outlook.value, page.value),
    recovers: kind === "page" ? null : (outlook?.recovers ?? null),
    upliftOverWait:
      isEffect && outlook !== null && isWaitKnown ? asShare(difference(outlook.recovers, wait.recovers)) : null,
    mayWait: weighedAs("wait")?.verdict.kind === "allowed",
    harms: isEffect ? (outlook?.harms ?? null) : null,
    expectedMinutes: isEffect ? (findRunbook(catalogue, runbook, version)?.expectedMinutes ?? null) : null,
    similarRuns: isEffect ? similarRunsIn(one.features) : null,
  };
};
