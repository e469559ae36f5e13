import type { AlarmState } from "../core/alarm.ts";
import type { AlarmTransition } from "../core/evidence.ts";
import { alarmKey } from "../core/ids.ts";
import { cloudWatchTime, send } from "./alarm-event.ts";
import { metricValues, READABLE_AFTER_MS } from "./metrics.ts";
import { type AlarmRuntime, record, type World } from "./state.ts";
import type { WorldAlarm } from "./types.ts";

/** Looks at every alarm's newest readable periods and announces the states that change. */
export const evaluateAlarms = (world: World): void => {
  world.alarms = world.alarms.map((alarm) => {
    // Before the clock's start there is nothing to read: an alarm keeps its state until its window lies after it.
    if (world.nowMs - READABLE_AFTER_MS - windowMs(alarm) < world.clockStartMs) return alarm;
    const datapoints = newestDatapoints(world, alarm);
    const state = alarmStateOf(alarm, datapoints);
    if (state === alarm.state) return alarm;
    const after = { ...alarm, state, changedAtMs: world.nowMs, ...explain(world, alarm, state, datapoints) };
    world.alarmHistory.push({ name: alarm.name, atMs: world.nowMs, from: alarm.state, to: state });
    record(world, "alarm", { name: alarm.name, from: alarm.state, to: state });
    send(world, alarm, after);
    return after;
  });
};

/**
 * CloudWatch's rule: ALARM when M of the last N periods breach, a missing one counting as configured; all missing is
 * INSUFFICIENT_DATA ("missing") or no change ("ignore").
 */
export const alarmStateOf = (alarm: WorldAlarm, datapoints: readonly (number | null)[]): AlarmState => {
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
export const alarmsOf = (world: World): WorldAlarm[] =>
  world.alarms.map(
    ({ service: _service, description: _description, reason: _reason, reasonData: _data, ...alarm }) => alarm,
  );

/** The state changes of one alarm, by name, within [fromMs, toMs]; oldest first. */
export const alarmHistory = (world: World, name: string, fromMs: number, toMs: number): AlarmTransition[] => {
  const { account, region } = world;
  const key = alarmKey({ account, region, alarmName: name, contributorId: null });
  return world.alarmHistory
    .filter((change) => change.name === name && change.atMs >= fromMs && change.atMs <= toMs)
    .map(({ atMs, from, to }) => ({ key, atMs, from, to }));
};

const breaches = (alarm: WorldAlarm, value: number): boolean =>
  alarm.comparison === "above" ? value > alarm.threshold : value < alarm.threshold;

/**
 * As CloudWatch does, it reads a little further back than N periods and prefers the newest N datapoints that exist; only
 * where they do not suffice are the missing ones counted.
 */
const newestDatapoints = (world: World, alarm: AlarmRuntime): readonly (number | null)[] => {
  const readableMs = world.nowMs - READABLE_AFTER_MS;
  const read = metricValues(world, alarm.metric, readableMs - windowMs(alarm), readableMs);
  const present = read.filter((value) => value !== null).slice(-alarm.evaluationPeriods);
  return [...Array(alarm.evaluationPeriods - present.length).fill(null), ...present];
};

const FURTHER_PERIODS = 2;

const windowMs = (alarm: AlarmRuntime): number =>
  (alarm.evaluationPeriods + FURTHER_PERIODS) * alarm.metric.periodSeconds * 1000;

const explain = (
  world: World,
  alarm: AlarmRuntime,
  state: AlarmState,
  datapoints: readonly (number | null)[],
): Readonly<{ reason: string; reasonData: string }> => {
  const present = datapoints.filter((value) => value !== null);
  const breaching = present.filter((value) => breaches(alarm, value)).length;
  const side = alarm.comparison === "above" ? "greater than" : "less than";
  const counted = state === "ALARM" ? breaching : present.length - breaching;
  const was = `${counted === 1 ? "was" : "were"} ${state === "ALARM" ? "" : "not "}${side}`;
  const reason =
    present.length === 0
      ? `Insufficient Data: ${alarm.evaluationPeriods} datapoints were unknown.`
      : `Threshold Crossed: ${counted} out of the last ${alarm.evaluationPeriods} datapoints [${present.join(", ")}] ${was} the threshold (${alarm.threshold}).`;
  const reasonData = JSON.stringify({
    version: "1.0",
    queryDate: cloudWatchTime(world.nowMs),
    startDate: cloudWatchTime(world.nowMs - READABLE_AFTER_MS - windowMs(alarm)),
    statistic: alarm.metric.stat,
    period: alarm.metric.periodSeconds,
    recentDatapoints: present,
    threshold: alarm.threshold,
  });
  return { reason, reasonData };
};
