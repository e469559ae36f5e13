import type { AlarmState } from "../core/alarm.ts";
import type { AlarmTransition } from "../core/evidence.ts";
import { alarmKey } from "../core/ids.ts";
import { rememberedLast } from "../core/remembered.ts";
import { send } from "./alarm-event.ts";
import { cloudWatchTime, explain } from "./alarm-words.ts";
import { dailyShape } from "./load.ts";
import { type MetricAt, metricAt } from "./metric-ref.ts";
import { boundsOf, metricValues, READABLE_AFTER_MS, servedAt } from "./metrics.ts";
import { type Flow, MINUTE_MS, record, type Served, type World } from "./state.ts";
import type { System } from "./system.ts";
import type { CompositeAlarm, MetricAlarm, WorldAlarm } from "./types.ts";

/** Looks at the newest readable periods of every alarm that may change, and announces the states that do. */
export const evaluateAlarms = (world: World): void => {
  const restless = restlessNow(world);
  if (restless.size === 0 && world.alarms.every(({ state }) => state === "OK")) return;
  for (const [index, alarm] of world.alarms.entries()) {
    if (alarm.kind !== "metric" || (alarm.state === "OK" && !restless.has(index))) continue;
    // Before the clock's start there is nothing to read: an alarm keeps its state until its window lies after it.
    if (world.nowMs - READABLE_AFTER_MS - windowMs(alarm) < world.clockStartMs) continue;
    const datapoints = newestDatapoints(world, alarm);
    const threshold = thresholdAt(world, alarm, world.nowMs);
    change(world, index, alarmStateOf({ ...alarm, threshold }, datapoints), (state) =>
      explain(
        { ...alarm, threshold },
        state,
        datapoints,
        world.nowMs - READABLE_AFTER_MS - windowMs(alarm),
        world.nowMs,
      ),
    );
  }
  for (const [index, alarm] of world.alarms.entries()) {
    if (alarm.kind !== "composite") continue;
    const rings = alarm.children.find((child) => stateOf(world, child) === "ALARM");
    const reason = `${alarm.children.length} alarms evaluated, ${rings === undefined ? "none" : rings} in ALARM`;
    change(world, index, rings === undefined ? "OK" : "ALARM", () => ({
      reason,
      reasonData: triggeredBy(world, alarm),
    }));
  }
};

/**
 * CloudWatch's rule: ALARM when M of the last N periods breach, a missing one counting as configured; all missing is
 * INSUFFICIENT_DATA ("missing") or no change ("ignore").
 */
export const alarmStateOf = (
  alarm: Omit<MetricAlarm, "band" | "kind">,
  datapoints: readonly (number | null)[],
): AlarmState => {
  const present = datapoints.filter((value) => value !== null);
  if (present.length === 0) {
    if (alarm.missingData === "ignore") return alarm.state;
    if (alarm.missingData === "missing") return "INSUFFICIENT_DATA";
  }
  const missing = alarm.evaluationPeriods - present.length;
  const breaching =
    present.filter((value) => breaches(alarm, value)).length + (alarm.missingData === "breaching" ? missing : 0);
  return breaching >= alarm.datapointsToAlarm ? "ALARM" : "OK";
};

/** The alarms as DescribeAlarms shows them now. */
export const alarmsOf = (world: World): readonly WorldAlarm[] => world.alarms;

/** The state changes of one alarm, by name, within [fromMs, toMs]; oldest first. */
export const alarmHistory = (world: World, name: string, fromMs: number, toMs: number): AlarmTransition[] => {
  const { account, region } = world;
  const key = alarmKey({ account, region, alarmName: name, contributorId: null });
  return world.alarmHistory
    .filter((one) => one.name === name && one.atMs >= fromMs && one.atMs <= toMs)
    .map(({ atMs, from, to }) => ({ key, atMs, from, to }));
};

const stateOf = (world: World, name: string): AlarmState =>
  world.alarms[placesOf(world.system).get(name) ?? -1]?.state ?? "INSUFFICIENT_DATA";
const placesOf = rememberedLast(({ alarms }: System) => new Map(alarms.map(({ name }, index) => [name, index])));

const change = (
  world: World,
  index: number,
  state: AlarmState,
  words: (state: AlarmState) => Readonly<{ reason: string; reasonData: string }>,
): void => {
  const alarm = world.alarms[index];
  if (alarm === undefined || state === alarm.state) return;
  const after = { ...alarm, state, changedAtMs: world.nowMs, ...words(state) };
  world.alarms = world.alarms.with(index, after);
  world.alarmHistory.push({ name: alarm.name, atMs: world.nowMs, from: alarm.state, to: state });
  record(world, "alarm", { name: alarm.name, from: alarm.state, to: state });
  send(world, alarm, after);
};

const triggeredBy = (world: World, { children }: CompositeAlarm): string =>
  JSON.stringify({
    triggeringAlarms: world.alarms
      .filter(({ name, state }) => children.includes(name) && state === "ALARM")
      .map(({ name, state, changedAtMs }) => ({
        arn: `arn:aws:cloudwatch:${world.region}:${world.account}:alarm:${name}`,
        state: { value: state, timestamp: cloudWatchTime(changedAtMs) },
      })),
  });

const breaches = (alarm: Pick<MetricAlarm, "comparison" | "threshold">, value: number): boolean =>
  alarm.comparison === "above" ? value > alarm.threshold : value < alarm.threshold;

/** An anomaly detector has learned the shape of the day; its band's edge moves with it. */
const thresholdAt = (world: World, { band, comparison, threshold }: MetricAlarm, atMs: number): number => {
  if (band === null) return threshold;
  const usual = band.level * dailyShape(atMs, world.scenario.topology.peakHour);
  return usual * (comparison === "above" ? 1 + band.width : 1 - band.width);
};

/**
 * As CloudWatch does, it reads a little further back than N periods and prefers the newest N datapoints that exist; only
 * where they do not suffice are the missing ones counted.
 */
const newestDatapoints = (world: World, alarm: MetricAlarm): readonly (number | null)[] => {
  const readableMs = world.nowMs - READABLE_AFTER_MS;
  const read = metricValues(world, alarm.metric, readableMs - windowMs(alarm), readableMs);
  const present = read.filter((value) => value !== null).slice(-alarm.evaluationPeriods);
  return [...Array(alarm.evaluationPeriods - present.length).fill(null), ...present];
};

const FURTHER_PERIODS = 2;

const windowMs = (alarm: Pick<MetricAlarm, "evaluationPeriods" | "metric">): number =>
  (alarm.evaluationPeriods + FURTHER_PERIODS) * alarm.metric.periodSeconds * 1000;

/** Alarms that may leave OK: those that some flow within the longest window does not keep surely on the good side. */
const restlessNow = (world: World): ReadonlySet<number> => {
  const { minutes } = world;
  const first = Math.max(0, minutes.length - longestWindowMinutes(world));
  let found: Set<number> | null = null;
  for (let index = minutes.length - 1; index >= first; index -= 1) {
    const segments = minutes[index];
    // A steady stretch is one array for all its minutes.
    if (segments === undefined || segments === minutes[index + 1]) continue;
    for (const { flow } of segments) {
      for (const alarm of restlessIn(world, flow)) {
        found ??= new Set();
        found.add(alarm);
      }
    }
  }
  return found ?? NOBODY;
};

const NOBODY: ReadonlySet<number> = new Set();

const longestWindowMinutes = (world: World): number => longestOf(world.system);
const longestOf = rememberedLast(({ alarms }: System): number => {
  const windows = alarms.flatMap((alarm) => (alarm.kind === "metric" ? [windowMs(alarm)] : []));
  return Math.ceil((Math.max(0, ...windows) + READABLE_AFTER_MS) / MINUTE_MS) + 1;
});

/** By the index of a flow: flows never change. */
const restlessOf = rememberedLast((_world: World): (readonly number[])[] => []);
const restlessIn = (world: World, index: number): readonly number[] => {
  const flow = world.flows[index];
  const known = restlessOf(world);
  if (flow !== undefined)
    known[index] ??= watchesOf(world).flatMap((watch) => (isRestless(world, flow, watch) ? [watch.index] : []));
  return known[index] ?? [];
};

type Bounds = ReturnType<typeof boundsOf>;

/** A metric alarm and what was found out about it last: a resource that serves the same keeps within the same bounds. */
type Watch = { index: number; at: MetricAt | null; served: Served | undefined; bounds: Bounds | undefined };

const watchesOf = rememberedLast((world: World): readonly Watch[] =>
  world.alarms.flatMap((alarm, index): Watch[] =>
    alarm.kind === "metric" ? [{ index, at: metricAt(world, alarm.metric), served: undefined, bounds: undefined }] : [],
  ),
);

const isRestless = (world: World, flow: Flow, watch: Watch): boolean => {
  const { index, at } = watch;
  const alarm = world.alarms[index];
  if (alarm?.kind !== "metric") return false;
  // Longer periods are judged by their own values, not by a minute's bounds.
  if (at === null || alarm.metric.periodSeconds !== 60) return true;
  const served = servedAt(flow, at);
  if (watch.bounds === undefined || watch.served !== served) {
    watch.served = served;
    watch.bounds = boundsOf(world, served, at, alarm.metric.stat);
  }
  const { bounds } = watch;
  if (bounds === null) return alarm.missingData === "missing" || alarm.missingData === "breaching";
  const threshold = thresholdAt(world, alarm, flow.atMs);
  return alarm.comparison === "above" ? bounds.high > threshold : bounds.low < threshold;
};
