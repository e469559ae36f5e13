import type { EpisodeRow } from "../core/episode.ts";
import type { TrackRecord } from "../core/ports.ts";
import type { PastRun } from "../core/track-record.ts";
import { pastRunOf } from "../core/track-record.ts";
import { WORLD_START_MS } from "../world/types.ts";

/** Every policy is judged with the past of so many days of a log, whatever it has learnt from. */
export const REMEMBERED_DAYS = 200;
const DAY_MS = 24 * 60 * 60_000;
const LOG_ENDS_MS = WORLD_START_MS + REMEMBERED_DAYS * DAY_MS;

/** What ran on the first days of a log and has matured; of each decision the newest row counts. */
export const runsOfFirstDays = (rows: readonly EpisodeRow[]): readonly PastRun[] => {
  const newest = new Map<string, EpisodeRow>();
  for (const row of rows)
    if (row.decided_at < LOG_ENDS_MS && row.row_version >= (newest.get(row.decision_id)?.row_version ?? 0))
      newest.set(row.decision_id, row);
  return [...newest.values()].flatMap((row) => pastRunOf(row) ?? []);
};

/** The same past right before the day that starts then: the last remembered day of the log becomes the day before it. */
export const recordBefore = (runs: readonly PastRun[], startMs: number): TrackRecord => {
  const laterMs = startMs - LOG_ENDS_MS;
  const moved = runs.map((run) => ({
    ...run,
    decidedAtMs: run.decidedAtMs + laterMs,
    maturedAtMs: run.maturedAtMs + laterMs,
  }));
  return {
    since: async (fromMs, untilMs) => moved.filter(({ decidedAtMs }) => decidedAtMs >= fromMs && decidedAtMs < untilMs),
  };
};
