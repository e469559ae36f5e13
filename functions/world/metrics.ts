import type { MetricRef } from "../core/alarm.ts";
import { rememberedLast } from "../core/remembered.ts";
import { type MetricAt, metricAt } from "./metric-ref.ts";
import { type Statistic, statisticOf } from "./metric-statistics.ts";
import { chance, gaussian, type Stream, streamNamed } from "./random.ts";
import type { Level, MetricShape, Samples } from "./resource-type.ts";
import { behaviourOf } from "./resources/resource-types.ts";
import { type Flow, MINUTE_MS, type Segment, type Served, streamOf, type World } from "./state.ts";

/** A period can be read this long after it closed. */
export const READABLE_AFTER_MS = 60_000;
const BAD_MINUTES = 0.04; // minutes in which some datapoints never arrive
const LOST_IN_BAD_MINUTE = 0.05;
/** All counts of a minute are this much more or less together: the load's own noise, relative standard deviation. */
const LOAD_NOISE = 0.04;
/** `gaussian` never leaves this many standard deviations. */
const MOST_SIGMAS = 6.1;

/**
 * Values of the periods that lie within [fromMs, toMs) and can already be read; `fromMs` is rounded down to a period.
 * null = no datapoint. A metric, or a statistic of it, that the world does not have is null throughout.
 *
 * Metrics are not kept: the flows are, and a value is made of the level that the flow of its minute gives and of noise
 * drawn from (resource, metric, minute). So it reads the same every time, and what nobody reads costs nothing.
 */
export const metricValues = (world: World, metric: MetricRef, fromMs: number, toMs: number): (number | null)[] =>
  valuesAt(world, metricAt(world, metric), metric, fromMs, toMs);

/** The same for a metric whose place is known; null: the world does not have it. */
export const valuesAt = (
  world: World,
  at: MetricAt | null,
  metric: Pick<MetricRef, "periodSeconds" | "stat">,
  fromMs: number,
  toMs: number,
): (number | null)[] => {
  const periodMs = metric.periodSeconds * 1000;
  const startMs = Math.floor(fromMs / periodMs) * periodMs;
  const readableMs = Math.floor((world.nowMs - READABLE_AFTER_MS) / MINUTE_MS) * MINUTE_MS;
  const endMs = Math.min(toMs, readableMs);
  const course = at === null ? null : courseOf(world, at);
  const statistic = course === null ? null : statisticOf(course.shape, metric.stat);
  const values: (number | null)[] = [];
  for (let atMs = startMs; atMs + periodMs <= endMs; atMs += periodMs)
    values.push(course === null || statistic === null ? null : periodValue(world, course, statistic, atMs, periodMs));
  return values;
};

/**
 * Between which values a one-minute statistic of a metric lies while a flow holds, whatever the noise; null: it may have
 * no datapoint, or is not known here.
 */
export const boundsOf = (
  world: World,
  served: Served | undefined,
  at: MetricAt,
  stat: string,
): Readonly<{ low: number; high: number }> | null => {
  const level = levelOf(world, served, at);
  if (level === null || level.value === null) return null;
  const { shape, value, noise } = level;
  const spread = MOST_SIGMAS * (isCounted(shape) ? value * LOAD_NOISE + Math.sqrt(value) : value * noise);
  if (shape === "sparse" && value - spread < 1) return { low: 0, high: value + spread + 1 };
  const statistic = statisticOf(shape, stat);
  if (statistic === null) return null;
  const low = Math.max(0, value - spread);
  const high = value + spread;
  return { low: statistic(low, low, low), high: statistic(high, high, high) };
};

/** What the resource of a metric serves in a flow; undefined where no call leads to it. */
export const servedAt = (flow: Flow, { place }: MetricAt): Served | undefined =>
  place === null ? undefined : flow.served[place];

/** Draws of one stream by minute, each made once: many metrics share them. */
type Draws = Readonly<{ stream: Stream; drawn: number[] }>;
const drawsOf = (stream: string): Draws => ({ stream: streamNamed(stream), drawn: [] });

/** One metric as it was read so far. Closed minutes never change, so that each value is worked out once. */
type Course = {
  readonly at: MetricAt;
  readonly shape: MetricShape;
  readonly noise: Draws;
  readonly lost: Stream;
  /** By minute; undefined: not read yet. */
  readonly values: (number | null | undefined)[];
  /** The level of the minute that was read last: steady minutes share their segments. */
  segments: readonly Segment[] | null;
  level: Level | null;
};

type Readings = Readonly<{
  /** What flows share is sampled once: most resources serve the same from one flow to the next. */
  samples: Map<Served, readonly Samples[]>;
  courses: Map<MetricAt, Course>;
  counts: Map<string, Draws>;
  load: Draws;
  bad: Stream;
  isBad: boolean[];
}>;
/** Of one world: a fork goes its own way, and reads anew. */
const readingsOf = rememberedLast(
  (world: World): Readings => ({
    samples: new Map(),
    courses: new Map(),
    counts: new Map(),
    load: drawsOf(streamOf(world, "world", "load")),
    bad: streamNamed(streamOf(world, "metrics", "bad-minute")),
    isBad: [],
  }),
);

const isCounted = (shape: MetricShape): boolean => shape === "count" || shape === "sparse";

/** Null where the resource does not report a metric of this name. */
const courseOf = (world: World, at: MetricAt): Course | null => {
  const { courses, counts } = readingsOf(world);
  const known = courses.get(at);
  if (known !== undefined) return known;
  const shape = at.idle.levels[at.name]?.shape;
  if (shape === undefined || world.flows.length === 0) return null;
  let noise: Draws;
  if (isCounted(shape)) {
    // Counts of one resource share their noise: errors never outnumber the requests among which they are.
    noise = counts.get(at.arn) ?? drawsOf(streamOf(world, at.arn, "counts"));
    counts.set(at.arn, noise);
  } else noise = drawsOf(streamOf(world, at.arn, `${at.name}/noise`));
  const lost = streamNamed(streamOf(world, at.arn, at.name));
  const made = { at, shape, noise, lost, values: [], segments: null, level: null };
  courses.set(at, made);
  return made;
};

const periodValue = (
  world: World,
  course: Course,
  statistic: Statistic,
  atMs: number,
  periodMs: number,
): number | null => {
  const first = (atMs - world.clockStartMs) / MINUTE_MS;
  const minutes = periodMs / MINUTE_MS;
  if (minutes === 1) {
    const value = minuteOf(world, course, first);
    return value === null ? null : statistic(value, value, value);
  }
  let total = 0;
  let largest = Number.NEGATIVE_INFINITY;
  let present = 0;
  for (let minute = first; minute < first + minutes; minute += 1) {
    const value = minuteOf(world, course, minute);
    if (value === null) continue;
    total += value;
    largest = Math.max(largest, value);
    present += 1;
  }
  return present === 0 ? null : statistic(total, total / present, largest);
};

/** The value of one minute since the clock's start; null: no datapoint. */
const minuteOf = (world: World, course: Course, minute: number): number | null => {
  const known = course.values[minute];
  if (known !== undefined) return known;
  const value = minuteValue(world, course, minute);
  if (world.minutes[minute] !== undefined) course.values[minute] = value;
  return value;
};

const minuteValue = (world: World, course: Course, minute: number): number | null => {
  const segments = world.minutes[minute];
  if (segments === undefined) return null;
  if (course.segments !== segments) {
    course.segments = segments;
    course.level = levelIn(world, segments, course.at);
  }
  const { level } = course;
  if (level === null || level.value === null) return null;
  const { load, bad, isBad } = readingsOf(world);
  // A stream's counter is the minute since 1970 that ends the minute.
  const clock = world.clockStartMs / MINUTE_MS + minute + 1;
  isBad[minute] ??= chance(bad, clock, BAD_MINUTES);
  if (isBad[minute] && chance(course.lost, clock, LOST_IN_BAD_MINUTE)) return null;
  const { shape, value, noise } = level;
  if (isCounted(shape)) {
    const mean = value * (1 + LOAD_NOISE * drawAt(load, minute, clock));
    const counted =
      mean <= 0 ? 0 : Math.max(0, Math.round(mean + Math.sqrt(mean) * drawAt(course.noise, minute, clock)));
    return shape === "sparse" && counted === 0 ? null : counted;
  }
  const noisy = noise === 0 ? value : Math.max(0, value * (1 + noise * gaussian(course.noise.stream, clock)));
  return shape === "percent" ? Math.min(100, noisy) : shape === "whole" ? Math.round(noisy) : noisy;
};

const drawAt = ({ stream, drawn }: Draws, minute: number, clock: number): number => {
  drawn[minute] ??= gaussian(stream, clock);
  return drawn[minute];
};

/** The level over a minute: that of its only flow, or the mean over its flows by their time. */
const levelIn = (world: World, segments: readonly Segment[], at: MetricAt): Level | null => {
  const [first] = segments;
  const flow = first === undefined ? undefined : world.flows[first.flow];
  if (flow === undefined) return null;
  const only = levelOf(world, servedAt(flow, at), at);
  if (segments.length === 1 || only === null) return only;
  let sum = 0;
  let ms = 0;
  for (const segment of segments) {
    const held = world.flows[segment.flow];
    const value = held === undefined ? null : (levelOf(world, servedAt(held, at), at)?.value ?? null);
    if (value === null) continue;
    sum += value * segment.ms;
    ms += segment.ms;
  }
  const { shape, noise } = only;
  return { shape, value: ms === 0 ? null : sum / (isCounted(shape) ? MINUTE_MS : ms), noise };
};

const levelOf = (world: World, served: Served | undefined, at: MetricAt): Level | null => {
  if (served === undefined) return at.idle.levels[at.name] ?? null;
  const { samples } = readingsOf(world);
  let own = samples.get(served);
  if (own === undefined) {
    const state = world.resources[at.arn];
    own = state === undefined ? [] : behaviourOf(state).samples(state, served);
    samples.set(served, own);
  }
  return own[at.samples]?.levels[at.name] ?? null;
};
