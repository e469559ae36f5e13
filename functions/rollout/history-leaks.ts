import { alarmClassIn } from "../core/alarm-class.ts";
import type { EpisodeRow } from "../core/episode.ts";
import { CANDIDATE_FEATURES, FEATURE_SCHEMA, STATE_FEATURES } from "../core/features.ts";
import type { MetricFamily } from "../core/metric-family.ts";
import { vectorsOf } from "../core/replay-choose.ts";
import { type Past, type PastRun, pastOf, pastRunOf, TRACK_RECORD_MS } from "../core/track-record.ts";

/** Rows whose features of earlier runs are not what earlier rows say, and the first decision of them; "" where none is. */
export type Leaks = Readonly<{ rows: number; differing: number; example: string }>;

type OfRunbook = (past: Past, runbook: string, alarmClass: MetricFamily | null) => number;

/** What a vector says of a candidate's earlier runs, worked out from rows alone. */
const HISTORY: Readonly<Record<string, OfRunbook>> = {
  trackRecordMissing: ({ isMissing }) => (isMissing ? 1 : 0),
  runs: (past, runbook) => Math.log1p(past.of(runbook).runs),
  helped: (past, runbook) => past.of(runbook).helped,
  harmed: (past, runbook) => past.of(runbook).harmed,
  classRuns: (past, runbook, alarmClass) => Math.log1p(past.ofClass(runbook, alarmClass).runs),
  classHelped: (past, runbook, alarmClass) => past.ofClass(runbook, alarmClass).helped,
};
const MISSING = CANDIDATE_FEATURES.indexOf("trackRecordMissing");

/** Features of the schema that tell of earlier runs and that nothing here works out. */
const UNCHECKED: readonly string[] = FEATURE_SCHEMA.candidate
  .filter(({ name, group }) => group === "history" && HISTORY[name] === undefined)
  .map(({ name }) => name);

/**
 * Works out every history feature of logged rows again, from the rows that had matured by then. The rows come in order of
 * time and from the beginning of their stream; of each decision the newest. Throws RangeError where the schema has a feature
 * of earlier runs that is not known here.
 */
export const historyLeaks = () => {
  if (UNCHECKED.length > 0) throw new RangeError(`nobody works out ${UNCHECKED.join(", ")} again`);
  let runs: readonly PastRun[] = [];
  let leaks: Leaks = { rows: 0, differing: 0, example: "" };
  return {
    /** Takes the next rows; those that a row looks back on are among these or were taken before. */
    take: (rows: readonly EpisodeRow[]): void => {
      runs = [...runs, ...rows.flatMap((row) => pastRunOf(row) ?? [])];
      for (const row of rows) {
        const isSame = isAsLogged(row, runs);
        const example = !isSame && leaks.differing === 0 ? row.decision_id : leaks.example;
        leaks = { rows: leaks.rows + 1, differing: leaks.differing + (isSame ? 0 : 1), example };
      }
      const lastMs = rows.reduce((last, { decided_at }) => Math.max(last, decided_at), Number.NEGATIVE_INFINITY);
      runs = runs.filter(({ decidedAtMs }) => decidedAtMs >= lastMs - TRACK_RECORD_MS);
    },
    found: (): Leaks => leaks,
  };
};

const isAsLogged = (row: EpisodeRow, runs: readonly PastRun[]): boolean => {
  const vectors = vectorsOf(row);
  const isRead = vectors.every((vector) => vector[MISSING] === 0);
  const past = pastOf(isRead ? runs : null, { nowMs: row.decided_at, incidentId: row.incident_id });
  const alarmClass = alarmClassIn(STATE_FEATURES, row.state);
  return vectors.every((vector, index) =>
    Object.entries(HISTORY).every(
      ([name, of]) =>
        Math.fround(of(past, row.runbook_id[index] ?? "", alarmClass)) === vector[CANDIDATE_FEATURES.indexOf(name)],
    ),
  );
};
