import { gaussian } from "./random.ts";
import { type Disturbance, type Entry, MINUTE_MS, streamOf, type World } from "./state.ts";

const DAILY_SWING = 0.2; // peak is 1.5 times the trough, the shape of a site with visitors from several time zones
const NOISE = 0.04;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** The part of the load that the hour of the day explains, around 1. */
export const dailyShape = (atMs: number, peakHour: number): number => {
  const hour = (atMs % DAY_MS) / (60 * MINUTE_MS);
  return 1 + DAILY_SWING * Math.cos(((hour - peakHour) / 24) * 2 * Math.PI);
};

/** Requests per second of one entry, constant within a minute. */
export const loadOf = (world: World, entry: Entry, atMs: number): number => {
  const minute = Math.floor(atMs / MINUTE_MS);
  const startMs = minute * MINUTE_MS;
  const noise = 1 + NOISE * gaussian(streamOf(world, entry.arn, "load"), minute);
  let factor = 1;
  for (const surge of world.surges) {
    if (surge.arn !== entry.arn || startMs < surge.fromMs || startMs >= surge.toMs) continue;
    factor *= 1 + (surge.factor - 1) * Math.min(1, (startMs - surge.fromMs + MINUTE_MS) / surge.rampMs);
  }
  return Math.max(0, entry.meanPerSecond * dailyShape(startMs, entry.peakHour) * noise * factor);
};

/** The disturbances of one resource in the minute that holds `atMs`. */
export const activeDisturbances = (world: World, arn: string, atMs: number): readonly Disturbance[] => {
  const startMs = Math.floor(atMs / MINUTE_MS) * MINUTE_MS;
  return world.disturbances.filter((one) => one.arn === arn && one.fromMs <= startMs && startMs < one.toMs);
};
