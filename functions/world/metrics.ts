import type { MetricRef } from "../core/alarm.ts";
import { chance } from "./random.ts";
import type { Sample } from "./resource-type.ts";
import { type MetricShape, MINUTE_MS, type StoredSeries, streamOf, type World } from "./state.ts";

/** A period can be read this long after it closed. */
export const READABLE_AFTER_MS = 60_000;
const BAD_MINUTES = 0.04; // minutes in which some datapoints never arrive
const LOST_IN_BAD_MINUTE = 0.05;

/** Where a metric is stored; dimensions in any order name the same one. */
export const seriesKey = (metric: Pick<MetricRef, "namespace" | "metricName" | "dimensions">): string => {
  const dimensions = Object.keys(metric.dimensions).sort();
  return `${metric.namespace}/${metric.metricName}{${dimensions.map((name) => `${name}=${metric.dimensions[name]}`).join(",")}}`;
};

/** Stores the minute that has just closed; now and then a datapoint is lost. */
export const storeSamples = (world: World, samples: readonly Sample[]): void => {
  const clock = world.nowMs / MINUTE_MS;
  const isBadMinute = chance(streamOf(world, "metrics", "bad-minute"), clock, BAD_MINUTES);
  for (const sample of samples) {
    const isLost = isBadMinute && chance(streamOf(world, seriesKey(sample), "lost"), clock, LOST_IN_BAD_MINUTE);
    storeSample(world, isLost ? { ...sample, value: null } : sample);
  }
};

const storeSample = (world: World, sample: Sample): void => {
  const key = seriesKey(sample);
  let series = world.series[key];
  if (series === undefined) {
    series = { shape: sample.shape, values: [] };
    world.series[key] = series;
  }
  const minute = (world.nowMs - world.clockStartMs) / MINUTE_MS - 1;
  while (series.values.length < minute) series.values.push(null);
  series.values.push(sample.value);
};

/**
 * Values of the periods that lie within [fromMs, toMs) and can already be read; `fromMs` is rounded down to a period.
 * null = no datapoint. A metric, or a statistic of it, that the world does not have is null throughout.
 */
export const metricValues = (world: World, metric: MetricRef, fromMs: number, toMs: number): (number | null)[] => {
  const periodMs = metric.periodSeconds * 1000;
  const startMs = Math.floor(fromMs / periodMs) * periodMs;
  const readableMs = Math.floor((world.nowMs - READABLE_AFTER_MS) / MINUTE_MS) * MINUTE_MS;
  const series = world.series[seriesKey(metric)];
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
