import { alarmClassIn } from "./alarm-class.ts";
import type { EpisodeRow } from "./episode.ts";
import { STATE } from "./features-state.ts";
import type { MetricFamily } from "./metric-family.ts";
import type { TrackRecord } from "./ports.ts";

/** One earlier effect whose outcome is known: all that a track record keeps of an episode row. */
export type PastRun = Readonly<{
  incidentId: string;
  runbook: string;
  alarmClass: MetricFamily | null;
  decidedAtMs: number;
  maturedAtMs: number;
  helped: boolean;
  harmed: boolean;
}>;

/** How often a runbook ran, and the share of runs that helped and that harmed, shrunk towards what is expected. */
export type Rates = Readonly<{ runs: number; helped: number; harmed: number }>;

export type Past = Readonly<{
  /** True where the record could not be read. */
  isMissing: boolean;
  of: (runbook: string) => Rates;
  ofClass: (runbook: string, alarmClass: MetricFamily | null) => Rates;
}>;

/** What ran longer ago was another system. */
export const TRACK_RECORD_DAYS = 90;
export const TRACK_RECORD_MS = TRACK_RECORD_DAYS * 86_400_000;

/** What is expected of a runbook that never ran, and how many runs that expectation is worth. */
const EXPECTED: Rates = { runs: 0, helped: 0.5, harmed: 0.05 };
const WORTH_RUNS = 2;

type Tally = { runs: number; helped: number; harmed: number };

const shrunk = (tally: Tally | undefined, towards: Rates): Rates => {
  const { runs, helped, harmed } = tally ?? { runs: 0, helped: 0, harmed: 0 };
  const share = (count: number, expected: number): number => (count + WORTH_RUNS * expected) / (runs + WORTH_RUNS);
  return { runs, helped: share(helped, towards.helped), harmed: share(harmed, towards.harmed) };
};

/** How many of so many runs helped, from the shrunk share of them and the share that it was shrunk towards. */
export const helpedRuns = (runs: number, helped: number, towards: number): number =>
  Math.min(runs, Math.max(0, Math.round(helped * (runs + WORTH_RUNS) - WORTH_RUNS * towards)));

const inClass = (runbook: string, alarmClass: MetricFamily | null): string => `${runbook}/${alarmClass ?? ""}`;

/**
 * What was known of earlier runs at one decision: those of the last 90 days whose outcome had matured before it, never
 * those of the incident itself. Null: the record could not be read, which counts as no runs.
 */
export const pastOf = (
  runs: readonly PastRun[] | null,
  at: Readonly<{ nowMs: number; incidentId: string }> = { nowMs: 0, incidentId: "" },
): Past => {
  const tallies = new Map<string, Tally>();
  for (const run of runs ?? []) {
    if (run.maturedAtMs >= at.nowMs || run.decidedAtMs < at.nowMs - TRACK_RECORD_MS) continue;
    if (run.incidentId === at.incidentId) continue;
    for (const name of [run.runbook, inClass(run.runbook, run.alarmClass)]) {
      const tally = tallies.get(name) ?? { runs: 0, helped: 0, harmed: 0 };
      tallies.set(name, tally);
      tally.runs += 1;
      tally.helped += run.helped ? 1 : 0;
      tally.harmed += run.harmed ? 1 : 0;
    }
  }
  const of = (runbook: string): Rates => shrunk(tallies.get(runbook), EXPECTED);
  return {
    isMissing: runs === null,
    of,
    ofClass: (runbook, alarmClass) => shrunk(tallies.get(inClass(runbook, alarmClass)), of(runbook)),
  };
};

/** No past: the record of a world that is a stream of its own, or of an account that has just begun. */
export const emptyTrackRecord: TrackRecord = { since: async () => [] };

const NAMES: readonly string[] = STATE.map(({ name }) => name);

/**
 * An episode row as a past run. Null where nothing ran, or its outcome has not matured: until then a reopening, or harm
 * that shows late, may still be charged to it.
 */
export const pastRunOf = (row: EpisodeRow): PastRun | null => {
  if (row.exit_status === "none" || row.matured_at === null) return null;
  return {
    incidentId: row.incident_id,
    runbook: row.executed_runbook,
    alarmClass: alarmClassIn(NAMES, row.state),
    decidedAtMs: row.decided_at,
    maturedAtMs: row.matured_at,
    helped: row.recovered && row.recovered_by === "action",
    harmed: row.harm !== "none",
  };
};
