import type { MetricRef } from "./alarm.ts";
import type { Series } from "./evidence.ts";
import type { ServiceSettings, SliSettings } from "./settings.ts";
import { IMPACT_RATE } from "./settings.ts";

/** One SLI as it stands: `value` in the SLI's own unit, null where nothing could be read. */
export type SliReading = Readonly<{ name: string; value: number | null; points: number }>;

/** Whether two references name the same series. */
export const sameMetric = (a: MetricRef, b: MetricRef): boolean =>
  a.metricName === b.metricName &&
  a.namespace === b.namespace &&
  a.stat === b.stat &&
  a.periodSeconds === b.periodSeconds &&
  (a.dimensions === b.dimensions || sameDimensions(a.dimensions, b.dimensions));

const sameDimensions = (a: MetricRef["dimensions"], b: MetricRef["dimensions"]): boolean => {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
};

/** The values of a metric whose periods start in [fromMs, toMs), oldest first; null = no data in that period. */
export const valuesBetween = (
  series: readonly Series[],
  metric: MetricRef,
  fromMs: number,
  toMs: number,
): readonly (number | null)[] => {
  const found = series.find((one) => sameMetric(one.metric, metric));
  if (found === undefined) return [];
  const periodMs = found.periodSeconds * 1000;
  const periodsUntil = (atMs: number): number => Math.max(0, Math.ceil((atMs - found.fromMs) / periodMs));
  return found.values.slice(periodsUntil(fromMs), periodsUntil(toMs));
};

const present = (values: readonly (number | null)[]): readonly number[] =>
  values.filter((value): value is number => value !== null && Number.isFinite(value));

const mean = (values: readonly number[]): number | null =>
  values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** An SLI over a window: the mean of its metric, or the ratio of two sums where it is a share. */
export const readSli = (series: readonly Series[], sli: SliSettings, fromMs: number, toMs: number): SliReading => {
  const values = present(valuesBetween(series, sli.metric, fromMs, toMs));
  if (sli.per === undefined) return { name: sli.name, value: mean(values), points: values.length };
  const base = present(valuesBetween(series, sli.per, fromMs, toMs));
  const total = sum(base);
  // A share needs its base: a count of errors is often absent when it is zero, a count of requests is not.
  return { name: sli.name, value: total > 0 ? sum(values) / total : null, points: base.length };
};

/** Whether a reading is on the side of its limit that hurts users; an unread SLI is not known to hurt. */
export const isBreached = (sli: SliSettings, value: number | null): boolean =>
  value !== null && (sli.bad === "above" ? value > sli.limit : value < sli.limit);

/** Share of users hurt by one SLI, 0..1: a share of errors speaks for itself, anything else by its distance from the limit. */
export const shortfall = (sli: SliSettings, value: number | null): number => {
  if (!isBreached(sli, value) || value === null) return 0;
  if (sli.role === "errors" && sli.per !== undefined) return Math.min(1, value);
  const distance = sli.bad === "above" ? value - sli.limit : sli.limit - value;
  return Math.min(1, distance / Math.max(Math.abs(sli.limit), Number.EPSILON));
};

/**
 * Impact of each minute in [fromMs, toMs): the largest shortfall over the service's SLIs, weighted by severity,
 * in severity-1 minutes (0..1 each).
 */
export const impactPerMinute = (
  service: ServiceSettings,
  series: readonly Series[],
  fromMs: number,
  toMs: number,
): readonly number[] => {
  const rate = IMPACT_RATE[service.severity] ?? 1;
  const minutes = Math.max(0, Math.round((toMs - fromMs) / 60_000));
  return Array.from({ length: minutes }, (_, minute) => {
    const startMs = fromMs + minute * 60_000;
    const worst = service.slis.map((sli) => {
      const stepMs = sli.metric.periodSeconds * 1000;
      const periodStartMs = Math.floor(startMs / stepMs) * stepMs;
      return shortfall(sli, readSli(series, sli, periodStartMs, periodStartMs + stepMs).value);
    });
    return rate * Math.max(0, ...worst);
  });
};
