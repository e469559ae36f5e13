import type { AutonomySettings, CellState } from "../core/autonomy.ts";
import type { AutonomyEvent } from "../core/autonomy-evidence.ts";

const DAY_MS = 24 * 3_600_000;
const MONTH_DAYS = 30;
/** The last year that a date is written of. */
const LAST_YEAR = 9999;

/** From when until when there is evidence, ms since the epoch; null where there is none. */
export type Span = Readonly<{ fromMs: number; untilMs: number }>;

export const spanOf = (events: readonly AutonomyEvent[]): Span | null =>
  events.length === 0
    ? null
    : events.reduce<Span>(
        ({ fromMs, untilMs }, { atMs }) => ({ fromMs: Math.min(fromMs, atMs), untilMs: Math.max(untilMs, atMs) }),
        { fromMs: Number.POSITIVE_INFINITY, untilMs: Number.NEGATIVE_INFINITY },
      );

/** When a cell will have shown enough if every run is clean and runs come as often as they did. */
export type Forecast = Readonly<{
  /** Over the whole evidence; a span of less than a day counts as one. */
  runsPerMonth: number;
  /** Runs, and logged waits, that are still missing. */
  runsToGo: number;
  waitsToGo: number;
  /** ms since the epoch; null where it never comes. */
  atMs: number | null;
  /** `now`, a day within the year, a year, or why never. */
  when: string;
}>;

/** The date at this team's rate. */
export const forecastOf = (cell: CellState, settings: AutonomySettings, span: Span | null): Forecast => {
  const days = span === null ? 0 : Math.max(1, (span.untilMs - span.fromMs) / DAY_MS);
  const perDay = (count: number): number => (days === 0 ? 0 : count / days);
  const [runs, waits] = [perDay(cell.counted), perDay(cell.waited.of)];
  const missing = {
    runsPerMonth: runs * MONTH_DAYS,
    runsToGo: cell.cleanRunsToGo,
    waitsToGo: Math.max(0, settings.leastWaits - cell.waited.of),
  };
  if (cell.suspended !== null) return { ...missing, atMs: null, when: "when a person reinstates it" };
  if (cell.earnedAtMs !== null) return { ...missing, atMs: cell.earnedAtMs, when: "acts alone" };
  if (missing.runsToGo > 0 && runs === 0) return { ...missing, atMs: null, when: "never at 0 runs a month" };
  if (missing.waitsToGo > 0 && waits === 0) return { ...missing, atMs: null, when: "never at 0 waits a month" };
  const untilMs = span?.untilMs ?? 0;
  const daysToGo = Math.max(daysFor(missing.runsToGo, runs), daysFor(missing.waitsToGo, waits));
  if (daysToGo === 0) return { ...missing, atMs: null, when: "when its uplift is above 0" };
  const atMs = untilMs + daysToGo * DAY_MS;
  return { ...missing, atMs: yearOf(atMs) === null ? null : Math.round(atMs), when: dateOf(untilMs, atMs) };
};

const daysFor = (missing: number, perDay: number): number => (missing === 0 ? 0 : missing / perDay);

/** Null past the last year. */
const yearOf = (atMs: number): number | null => {
  const year = new Date(atMs).getUTCFullYear();
  return year <= LAST_YEAR ? year : null;
};

const dateOf = (fromMs: number, atMs: number): string => {
  const year = yearOf(atMs);
  if (year === null) return `after ${LAST_YEAR}`;
  return atMs - fromMs < 365 * DAY_MS ? new Date(atMs).toISOString().slice(0, 10) : `in ${year}`;
};
