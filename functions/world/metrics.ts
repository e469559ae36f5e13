import type { MetricRef } from "../core/alarm.ts";
import { chance } from "./random.ts";
import type { Samples } from "./resource-type.ts";
import { type MetricShape, type MetricStore, MINUTE_MS, type StoredSeries, streamOf, type World } from "./state.ts";

/** A period can be read this long after it closed. */
export const READABLE_AFTER_MS = 60_000;
const BAD_MINUTES = 0.04; // minutes in which some datapoints never arrive
const LOST_IN_BAD_MINUTE = 0.05;

/** Stores a resource's minute that has just closed; now and then a datapoint is lost. */
export const storeSamples = (world: World, arn: string, samples: Samples): void => {
  const clock = world.nowMs / MINUTE_MS;
  const minute = clock - world.clockStartMs / MINUTE_MS - 1;
  const isBadMinute = chance(streamOf(world, "metrics", "bad-minute"), clock, BAD_MINUTES);
  const { byName } = storeOf(world, arn, samples);
  for (const name of Object.keys(samples.datapoints)) {
    const datapoint = samples.datapoints[name];
    if (datapoint === undefined) continue;
    let series = byName[name];
    if (series === undefined) {
      series = { shape: datapoint.shape, values: Array(minute).fill(null) };
      byName[name] = series;
    }
    const isLost = isBadMinute && chance(streamOf(world, arn, name), clock, LOST_IN_BAD_MINUTE);
    series.values.push(isLost ? null : datapoint.value);
  }
};

const storeOf = (world: World, arn: string, samples: Samples): MetricStore => {
  const found = world.metrics[arn];
  if (found !== undefined) return found;
  const made = { namespace: samples.namespace, dimensions: samples.dimensions, byName: {} };
  world.metrics[arn] = made;
  return made;
};

const seriesOf = (world: World, metric: MetricRef): StoredSeries | undefined =>
  Object.values(world.metrics).find((store) => hasDimensions(store, metric))?.byName[metric.metricName];

/** Dimensions in any order name the same metrics; one more or one less names others. */
const hasDimensions = (store: MetricStore, metric: MetricRef): boolean => {
  if (store.namespace !== metric.namespace) return false;
  const names = Object.keys(store.dimensions);
  if (names.length !== Object.keys(metric.dimensions).length) return false;
  return names.every((name) => store.dimensions[name] === metric.dimensions[name]);
};

/**
 * Values of the periods that lie within [fromMs, toMs) and can already be read; `fromMs` is rounded down to a period.
 * null = no datapoint. A metric, or a statistic of it, that the world does not have is null throughout.
 */
export const metricValues = (world: World, metric: MetricRef, fromMs: number, toMs: number): (number | null)[] => {
  const periodMs = metric.periodSeconds * 1000;
  const startMs = Math.floor(fromMs / periodMs) * periodMs;
  const readableMs = Math.floor((world.nowMs - READABLE_AFTER_MS) / MINUTE_MS) * MINUTE_MS;
  const series = seriesOf(world, metric);
  const values: (number | null)[] = [];
  for (let atMs = startMs; atMs + periodMs <= Math.min(toMs, readableMs); atMs += periodMs)
    values.push(series === undefined ? null : periodValue(world, series, metric.stat, atMs, periodMs));
  return values;
};

const periodValue = (
  world: World,
  series: StoredSeries,
  stat: string,
  atMs: number,
  periodMs: number,
): number | null => {
  let total = 0;
  let largest = Number.NEGATIVE_INFINITY;
  let minutes = 0;
  for (let minuteMs = atMs; minuteMs < atMs + periodMs; minuteMs += MINUTE_MS) {
    const value = series.values[(minuteMs - world.clockStartMs) / MINUTE_MS] ?? null;
    if (value === null) continue;
    total += value;
    largest = Math.max(largest, value);
    minutes += 1;
  }
  return minutes === 0 ? null : (STATISTICS[series.shape][stat]?.({ total, mean: total / minutes, largest }) ?? null);
};

type Summary = Readonly<{ total: number; mean: number; largest: number }>;
type Statistics = Readonly<Record<string, (summary: Summary) => number>>;

/** Percentiles follow from the log-normal spread of latency (sigma 0.5): mean = median * e^(sigma^2 / 2). */
const STATISTICS: Readonly<Record<MetricShape, Statistics>> = {
  count: { Sum: ({ total }) => total, SampleCount: ({ total }) => total },
  gauge: { Average: ({ mean }) => mean, Maximum: ({ largest }) => largest, Minimum: ({ mean }) => mean },
  latency: {
    Average: ({ mean }) => mean,
    Maximum: ({ largest }) => largest * 4.2,
    p50: ({ mean }) => mean * 0.882,
    p90: ({ mean }) => mean * 1.675,
    p95: ({ mean }) => mean * 2.009,
    p99: ({ mean }) => mean * 2.824,
  },
};
