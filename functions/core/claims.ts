import type { Context } from "./context.ts";
import type { Series } from "./evidence.ts";
import type { Citation, Claim } from "./ports.ts";
import { readableUntilMs } from "./verify.ts";

/** An alarm rings some minutes after the trouble began: what was usual ended this long before the opening. */
const TROUBLE_MS = 10 * 60_000;
/** Fewer values than this are no usual level. */
const LEAST_USUAL = 4;
/** Now is the median of this many values: two odd ones in five do not move it. */
const RECENT_VALUES = 5;
/** 1.4826 makes a median absolute deviation a standard deviation; three are "very conservative" (Leys et al. 2013). */
const SPREADS = 3 * 1.4826;
/** The floor of the spread, as a share of the usual level: metrics breathe, and verify forgives the same tenth. */
const BREATH = 0.1;
/** Beyond an hour a change and an incident meet by chance; it is also how far evidence is read by default. */
const LOOK_BACK_MS = 3_600_000;
/** Statistics that count: CloudWatch writes no zeros for most of them. */
const COUNTS: readonly string[] = ["Sum", "SampleCount"];

/**
 * Whether the numbers bear out what a drafter claims of one piece of evidence. False also where the claim is none that
 * can be made of such evidence; null where it cannot be told: nothing is claimed, the id is unknown, or too little was
 * read. Words that people wrote say nothing of a state. Never throws.
 */
export const isBorneOut = (context: Context, citation: Citation): boolean | null => {
  const { id, says } = citation;
  if (says === null) return null;
  const series = context.series.find((one) => one.id === id);
  if (series !== undefined) return standsAs(context, series, says);
  const change = context.changes.find((one) => one.id === id);
  if (change !== undefined) {
    const beforeMs = context.openedAtMs - change.atMs;
    return says === "changed" && beforeMs >= 0 && beforeMs <= LOOK_BACK_MS;
  }
  const template = context.logs.find((one) => one.id === id);
  if (template !== undefined) return says === "logged" && template.count >= 1;
  const alarm = context.alarms.find((one) => one.key === id);
  return alarm === undefined ? null : says === "ringing" && alarm.state === "ALARM";
};

const LEVELS = ["above-usual", "usual", "below-usual"] as const;

const standsAs = (context: Context, series: Series, says: Claim): boolean | null => {
  if (!LEVELS.some((level) => level === says)) return false;
  const now = standing(context, series);
  return now === null ? null : now.stands === says;
};

/** What is usual ended at this instant. */
export const usualUntilMs = (context: Context): number => context.openedAtMs - TROUBLE_MS;

/** How the newest values of a series stand to `usual`, the median of what it was before the trouble. */
export type Standing = Readonly<{ stands: (typeof LEVELS)[number]; usual: number }>;

/** The one measure by which drafters are told of a series and by which their claims are checked. Null: too little was read. */
export const standing = (context: Context, series: Series): Standing | null => {
  const untilMs = usualUntilMs(context);
  const points = pointsOf(context, series);
  const usual = points.filter(({ atMs }) => atMs < untilMs).map(({ value }) => value);
  const recent = points.filter(({ atMs }) => atMs >= untilMs).slice(-RECENT_VALUES);
  if (usual.length < LEAST_USUAL || recent.length === 0) return null;
  const level = median(usual);
  const spread = median(usual.map((value) => Math.abs(value - level)));
  const rise = median(recent.map(({ value }) => value)) - level;
  const margin = Math.max(SPREADS * spread, BREATH * Math.abs(level));
  const stands = rise > margin ? "above-usual" : rise < -margin ? "below-usual" : "usual";
  return { stands, usual: level };
};

type Point = Readonly<{ atMs: number; value: number }>;

/** What can be read by now, oldest first. A count is 0 in a period for which only its neighbours were written. */
const pointsOf = (context: Context, series: Series): readonly Point[] => {
  const untilMs = readableUntilMs(context.nowMs);
  const neighbours = COUNTS.includes(series.metric.stat)
    ? context.series.filter((one) => areNeighbours(one, series))
    : [];
  return series.values.flatMap((written, i) => {
    const atMs = series.fromMs + i * series.periodSeconds * 1000;
    const value = written ?? (neighbours.some((one) => wasWritten(one, atMs)) ? 0 : Number.NaN);
    return Number.isFinite(value) && atMs < untilMs ? [{ atMs, value }] : [];
  });
};

/** Other metrics of the same thing: where they were written, it was alive. */
const areNeighbours = (one: Series, other: Series): boolean =>
  one.id !== other.id &&
  one.periodSeconds === other.periodSeconds &&
  one.metric.namespace === other.metric.namespace &&
  Object.keys(one.metric.dimensions).length === Object.keys(other.metric.dimensions).length &&
  Object.entries(one.metric.dimensions).every(([name, value]) => other.metric.dimensions[name] === value);

const wasWritten = (series: Series, atMs: number): boolean =>
  (series.values[(atMs - series.fromMs) / (series.periodSeconds * 1000)] ?? null) !== null;

const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
};
