import type { Series } from "./evidence.ts";
import { type FamilyTraits, familyOf, type MetricFamily } from "./metric-family.ts";
import { readableUntilMs } from "./verify.ts";

/** How a series stands now to what was usual before the trouble. */
export type Measured = Readonly<{
  series: Series;
  family: MetricFamily | null;
  /** asinh of the distance from usual in spreads: 0 usual or not known, 3 ten times its spread; signed, within +-10. */
  deviation: number;
  /** The level now, in the metric's own unit; null where nothing can be read of the last periods. */
  now: number | null;
  /** It was written before, and is not any more. */
  isSilent: boolean;
  /** Start of the first period of those, up to now, in which it stood apart; null where it does not. */
  sinceMs: number | null;
}>;

/** An alarm rings some minutes after the trouble began: what was usual ended this long before the opening. */
const TROUBLE_MS = 10 * 60_000;
/** Fewer values than this are no usual level. */
const LEAST_USUAL = 4;
/** The last hour before the trouble is enough, and it bounds the work. */
const MOST_USUAL = 64;
/** Now is the mean of the last three values, of the last five periods: metrics come late. */
const RECENT_VALUES = 3;
const RECENT_PERIODS = 5;
/** The interquartile range of a normal distribution is 1.349 standard deviations. */
const QUARTILES_APART = 1.349;
/** Metrics breathe: a tenth of the usual level is no news. */
const BREATH = 0.1;
/** Beyond this many spreads a value stands apart. */
const APART = 2;
const FORGIVEN = 2;
const MOST_DEVIATION = 10;
/** Larger than anything that AWS counts, small enough to compute with. */
const LARGEST = 1e15;

const UNLISTED: Omit<FamilyTraits, "family"> = { floor: 1, absent: "unknown" };
/** Values are sorted here, by insertion: nothing in it outlives a call. */
const sorted = new Float64Array(MOST_USUAL);

/** The value of a period as a bounded number, or null where it cannot be told. */
const valueAt = (series: Series, index: number, absent: FamilyTraits["absent"]): number | null => {
  const value = series.values[index] ?? null;
  if (value === null || !Number.isFinite(value)) return absent === "zero" ? 0 : null;
  return Math.min(LARGEST, Math.max(-LARGEST, value));
};

type Usual = Readonly<{ level: number; spread: number }>;

/** Median and spread of the values before `until`; null where there are too few. */
const usualOf = (series: Series, until: number, traits: Omit<FamilyTraits, "family">): Usual | null => {
  let count = 0;
  for (let i = Math.max(0, until - MOST_USUAL); i < until; i += 1) {
    const value = valueAt(series, i, traits.absent);
    if (value === null) continue;
    let place = count;
    for (; place > 0 && (sorted[place - 1] ?? 0) > value; place -= 1) sorted[place] = sorted[place - 1] ?? 0;
    sorted[place] = value;
    count += 1;
  }
  if (count < LEAST_USUAL) return null;
  const quantile = (share: number): number => sorted[Math.round(share * (count - 1))] ?? 0;
  const level = quantile(0.5);
  const spread = (quantile(0.75) - quantile(0.25)) / QUARTILES_APART;
  return { level, spread: spread + BREATH * Math.abs(level) + traits.floor };
};

/** The newest period may still be on its way: without data it says nothing, not even of a count. */
const levelNow = (series: Series, until: number, absent: FamilyTraits["absent"]): number | null => {
  let sum = 0;
  let count = 0;
  for (let i = until - 1; i >= Math.max(0, until - RECENT_PERIODS) && count < RECENT_VALUES; i -= 1) {
    const value = valueAt(series, i, i === until - 1 ? "unknown" : absent);
    if (value === null) continue;
    sum += value;
    count += 1;
  }
  return count === 0 ? null : sum / count;
};

/** The first of the periods up to now that stand apart on the same side as now; two that do not are forgiven. */
const firstApart = (series: Series, until: number, usual: Usual, side: number, absent: FamilyTraits["absent"]) => {
  let first: number | null = null;
  let misses = 0;
  for (let i = until - 1; i >= 0 && misses <= FORGIVEN; i -= 1) {
    const value = valueAt(series, i, absent);
    if (value === null) continue;
    const isApart = (side * (value - usual.level)) / usual.spread > APART;
    misses = isApart ? 0 : misses + 1;
    if (isApart) first = i;
  }
  return first;
};

/** Measures one series. Nothing that is stamped later than `nowMs`, or cannot be read by then, is seen. Never throws. */
export const measured = (series: Series, openedAtMs: number, nowMs: number): Measured => {
  const listed = familyOf(series.metric);
  const traits = listed ?? UNLISTED;
  const periodMs = series.periodSeconds * 1000;
  const periodsBefore = (atMs: number): number => Math.max(0, Math.ceil((atMs - series.fromMs) / periodMs));
  const until = periodsBefore(readableUntilMs(nowMs));
  const usual = usualOf(series, Math.min(until, periodsBefore(openedAtMs - TROUBLE_MS)), traits);
  const now = levelNow(series, until, traits.absent);
  const known = { series, family: listed?.family ?? null, now };
  if (usual === null || now === null)
    return { ...known, deviation: 0, isSilent: usual !== null && now === null, sinceMs: null };
  const spreads = (now - usual.level) / usual.spread;
  const deviation = Math.max(-MOST_DEVIATION, Math.min(MOST_DEVIATION, Math.asinh(spreads)));
  const first = Math.abs(spreads) > APART ? firstApart(series, until, usual, Math.sign(spreads), traits.absent) : null;
  return { ...known, deviation, isSilent: false, sinceMs: first === null ? null : series.fromMs + first * periodMs };
};
