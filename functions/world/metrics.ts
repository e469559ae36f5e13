import type { MetricRef } from "../core/alarm.ts";
import { servedBy } from "./flow.ts";
import { IDLE } from "./metric-ref.ts";
import { chance, gaussian, type Stream, streamNamed } from "./random.ts";
import type { Level, MetricShape, Samples } from "./resource-type.ts";
import { behaviourOf } from "./resources/resource-types.ts";
import { type Flow, MINUTE_MS, type Segment, streamOf, type World } from "./state.ts";
import type { System } from "./system.ts";

/** A period can be read this long after it closed. */
export const READABLE_AFTER_MS = 60_000;
const BAD_MINUTES = 0.04; // minutes in which some datapoints never arrive
const LOST_IN_BAD_MINUTE = 0.05;
/** All counts of a minute are this much more or less together: the load's own noise, relative standard deviation. */
const LOAD_NOISE = 0.04;
/** `gaussian` never leaves this many standard deviations. */
const MOST_SIGMAS = 6.1;

/**
 * Metrics are not kept: the flows are, and a value is made of the level that the flow of its minute gives and of noise
 * drawn from (resource, metric, minute). So it reads the same every time, and what nobody reads costs nothing.
 */
export type MetricAt = Readonly<{ arn: string; samples: number; name: string }>;

type Index = Readonly<{
  byKey: ReadonlyMap<string, Omit<MetricAt, "name">>;
  /** What was looked up before: alarms look at the same metrics every minute. */
  found: WeakMap<MetricRef, MetricAt>;
}>;
const indexes = new WeakMap<System, Index>();

/** Where a metric comes from, or null where the world does not have it. Dimensions in any order name the same metric. */
export const metricAt = (world: Pick<World, "system">, metric: MetricRef): MetricAt | null => {
  const { byKey, found } = indexOf(world.system);
  const known = found.get(metric);
  if (known !== undefined) return known;
  const at = byKey.get(keyOf(metric.namespace, metric.dimensions));
  if (at === undefined) return null;
  const made = { ...at, name: metric.metricName };
  found.set(metric, made);
  return made;
};

const indexOf = (system: System): Index => {
  const known = indexes.get(system);
  if (known !== undefined) return known;
  const byKey = new Map<string, Omit<MetricAt, "name">>();
  for (const state of system.states)
    for (const [samples, one] of behaviourOf(state).samples(state, IDLE).entries())
      byKey.set(keyOf(one.namespace, one.dimensions), { arn: state.arn, samples });
  const made = { byKey, found: new WeakMap<MetricRef, MetricAt>() };
  indexes.set(system, made);
  return made;
};

const keyOf = (namespace: string, dimensions: Readonly<Record<string, string>>): string => {
  const names = Object.keys(dimensions);
  if (names.length > 1) names.sort();
  return names.reduce((key, name) => `${key}|${name}=${dimensions[name]}`, namespace);
};

/**
 * Values of the periods that lie within [fromMs, toMs) and can already be read; `fromMs` is rounded down to a period.
 * null = no datapoint. A metric, or a statistic of it, that the world does not have is null throughout.
 */
export const metricValues = (world: World, metric: MetricRef, fromMs: number, toMs: number): (number | null)[] => {
  const periodMs = metric.periodSeconds * 1000;
  const startMs = Math.floor(fromMs / periodMs) * periodMs;
  const readableMs = Math.floor((world.nowMs - READABLE_AFTER_MS) / MINUTE_MS) * MINUTE_MS;
  const at = metricAt(world, metric);
  const read = at === null ? null : readerOf(world, at);
  const values: (number | null)[] = [];
  for (let atMs = startMs; atMs + periodMs <= Math.min(toMs, readableMs); atMs += periodMs)
    values.push(read === null ? null : periodValue(world, read, metric.stat, atMs, periodMs));
  return values;
};

/**
 * Between which values a one-minute statistic of a metric lies while a flow holds, whatever the noise; null: it may have
 * no datapoint, or is not known here.
 */
export const boundsOf = (
  world: World,
  flow: Flow,
  at: MetricAt,
  stat: string,
): Readonly<{ low: number; high: number }> | null => {
  const level = levelOf(world, flow, at);
  if (level === null || level.value === null) return null;
  const { shape, value, noise } = level;
  const spread = MOST_SIGMAS * (isCounted(shape) ? value * LOAD_NOISE + Math.sqrt(value) : value * noise);
  if (shape === "sparse" && value - spread < 1) return { low: 0, high: value + spread + 1 };
  const summary = (mean: number) => STATISTICS[shape][stat]?.({ total: mean, mean, largest: mean });
  const low = summary(Math.max(0, value - spread));
  const high = summary(value + spread);
  return low === undefined || high === undefined ? null : { low, high };
};

type Read = (minute: number) => number | null;
type Reader = Readonly<{ shape: MetricShape; read: Read }>;

const isCounted = (shape: MetricShape): boolean => shape === "count" || shape === "sparse";

const readerOf = (world: World, at: MetricAt): Reader | null => {
  const first = world.flows[0];
  const shape = first === undefined ? undefined : levelOf(world, first, at)?.shape;
  if (shape === undefined) return null;
  const clockStartMinute = world.clockStartMs / MINUTE_MS;
  // Counts of one resource share their noise: errors never outnumber the requests among which they are.
  const noise = streamNamed(streamOf(world, at.arn, isCounted(shape) ? "counts" : `${at.name}/noise`));
  const draws = {
    noise,
    load: streamNamed(streamOf(world, "world", "load")),
    bad: streamNamed(streamOf(world, "metrics", "bad-minute")),
    lost: streamNamed(streamOf(world, at.arn, at.name)),
  };
  return { shape, read: (minute) => minuteValue(world, at, draws, minute, clockStartMinute + minute + 1) };
};

type Draws = Readonly<Record<"noise" | "load" | "bad" | "lost", Stream>>;

const minuteValue = (world: World, at: MetricAt, draws: Draws, minute: number, clock: number): number | null => {
  const segments = world.minutes[minute];
  if (segments === undefined) return null;
  const level = levelIn(world, segments, at);
  if (level === null || level.value === null) return null;
  if (chance(draws.bad, clock, BAD_MINUTES) && chance(draws.lost, clock, LOST_IN_BAD_MINUTE)) return null;
  const { shape, value, noise } = level;
  if (isCounted(shape)) {
    const mean = value * (1 + LOAD_NOISE * gaussian(draws.load, clock));
    const counted = mean <= 0 ? 0 : Math.max(0, Math.round(mean + Math.sqrt(mean) * gaussian(draws.noise, clock)));
    return shape === "sparse" && counted === 0 ? null : counted;
  }
  const noisy = noise === 0 ? value : Math.max(0, value * (1 + noise * gaussian(draws.noise, clock)));
  return shape === "percent" ? Math.min(100, noisy) : shape === "whole" ? Math.round(noisy) : noisy;
};

/** The level over a minute: that of its only flow, or the mean over its flows by their time. */
const levelIn = (world: World, segments: readonly Segment[], at: MetricAt): Level | null => {
  const [first] = segments;
  const flow = first === undefined ? undefined : world.flows[first.flow];
  if (flow === undefined) return null;
  const only = levelOf(world, flow, at);
  if (segments.length === 1 || only === null) return only;
  let sum = 0;
  let ms = 0;
  for (const segment of segments) {
    const held = world.flows[segment.flow];
    const value = held === undefined ? null : (levelOf(world, held, at)?.value ?? null);
    if (value === null) continue;
    sum += value * segment.ms;
    ms += segment.ms;
  }
  if (ms === 0) return { ...only, value: null };
  return { ...only, value: sum / (isCounted(only.shape) ? MINUTE_MS : ms) };
};

const samplesOfFlow = new WeakMap<Flow, Map<string, readonly Samples[]>>();

const levelOf = (world: World, flow: Flow, { arn, samples, name }: MetricAt): Level | null => {
  let all = samplesOfFlow.get(flow);
  if (all === undefined) {
    all = new Map();
    samplesOfFlow.set(flow, all);
  }
  let own = all.get(arn);
  if (own === undefined) {
    const state = world.resources[arn];
    own = state === undefined ? [] : behaviourOf(state).samples(state, servedBy(world, flow, arn) ?? IDLE);
    all.set(arn, own);
  }
  return own[samples]?.levels[name] ?? null;
};

const periodValue = (
  world: World,
  { shape, read }: Reader,
  stat: string,
  atMs: number,
  periodMs: number,
): number | null => {
  let total = 0;
  let largest = Number.NEGATIVE_INFINITY;
  let minutes = 0;
  for (let minuteMs = atMs; minuteMs < atMs + periodMs; minuteMs += MINUTE_MS) {
    const value = read((minuteMs - world.clockStartMs) / MINUTE_MS);
    if (value === null) continue;
    total += value;
    largest = Math.max(largest, value);
    minutes += 1;
  }
  return minutes === 0 ? null : (STATISTICS[shape][stat]?.({ total, mean: total / minutes, largest }) ?? null);
};

type Summary = Readonly<{ total: number; mean: number; largest: number }>;
type Statistics = Readonly<Record<string, (summary: Summary) => number>>;

const COUNTS: Statistics = { Sum: ({ total }) => total, SampleCount: ({ total }) => total };
const GAUGES: Statistics = {
  Average: ({ mean }) => mean,
  Maximum: ({ largest }) => largest,
  Minimum: ({ mean }) => mean,
};

/** Percentiles follow from the log-normal spread of latency (sigma 0.5): mean = median * e^(sigma^2 / 2). */
const STATISTICS: Readonly<Record<MetricShape, Statistics>> = {
  count: COUNTS,
  sparse: COUNTS,
  gauge: GAUGES,
  percent: GAUGES,
  whole: GAUGES,
  latency: {
    Average: ({ mean }) => mean,
    Maximum: ({ largest }) => largest * 4.2,
    p50: ({ mean }) => mean * 0.882,
    p90: ({ mean }) => mean * 1.675,
    p95: ({ mean }) => mean * 2.009,
    p99: ({ mean }) => mean * 2.824,
  },
};
