import { type Disturbance, type Entry, MINUTE_MS, type World } from "./state.ts";

const DAILY_SWING = 0.2; // peak is 1.5 times the trough, the shape of a site with visitors from several time zones
const DAY_MS = 24 * 60 * MINUTE_MS;
/** The load follows the hour in steps of half an hour: in between nothing changes, so nothing has to be solved again. */
const STEP_MS = 30 * MINUTE_MS;

/** The part of the load that the hour of the day explains, around 1; constant within half an hour. */
export const dailyShape = (atMs: number, peakHour: number): number => {
  const stepMs = Math.floor(atMs / STEP_MS) * STEP_MS;
  const hour = (stepMs % DAY_MS) / (60 * MINUTE_MS);
  return 1 + DAILY_SWING * Math.cos(((hour - peakHour) / 24) * 2 * Math.PI);
};

/** Requests per second of one entry, constant within a minute; the noise of a minute is in what metrics show of it. */
const loadOf = (world: World, entry: Entry, atMs: number): number => {
  const startMs = Math.floor(atMs / MINUTE_MS) * MINUTE_MS;
  let factor = 1;
  for (const surge of world.surges) {
    if (surge.arn !== entry.arn || startMs < surge.fromMs || startMs >= surge.toMs) continue;
    factor *= 1 + (surge.factor - 1) * Math.min(1, (startMs - surge.fromMs + MINUTE_MS) / surge.rampMs);
  }
  return Math.max(0, entry.meanPerSecond * dailyShape(startMs, entry.peakHour) * factor);
};

/** Requests per second of every entry, in their order. */
export const loadsAt = (world: World, atMs: number): readonly number[] =>
  world.system.entries.map((entry) => loadOf(world, entry, atMs));

/** Whether a disturbance is on in the minute that holds `atMs`. */
export const isActive = ({ fromMs, toMs }: Disturbance, atMs: number): boolean => {
  const startMs = Math.floor(atMs / MINUTE_MS) * MINUTE_MS;
  return fromMs <= startMs && (toMs === null || startMs < toMs);
};

/** Whether in the minute that begins now the load is another than the one for which the flow was solved. */
export const loadChanges = (world: World, loads: readonly number[]): boolean => {
  if (world.nowMs % STEP_MS !== 0 && world.surges.length === 0 && world.disturbances.length === 0) return false;
  const before = world.nowMs - MINUTE_MS;
  if (world.disturbances.some((one) => isActive(one, world.nowMs) !== isActive(one, before))) return true;
  return loadsAt(world, world.nowMs).some((load, index) => load !== loads[index]);
};
