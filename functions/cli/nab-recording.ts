import { resourceBehind } from "../adapters/recorded/namespaces.ts";
import { isoTime } from "../core/ids.ts";
import type { Json } from "../core/json.ts";
import { type NabMetric, type NabPoint, PERIOD_SECONDS } from "./nab-series.ts";
import { alarmDocument, document, metricRow, placeIn, type RecordedFiles } from "./recorded-files.ts";

/** An alarm that stood ready over a series and went off. */
export type NabAlarm = Readonly<{
  /** Where its first datapoint and the one that set it off stand among the series' points. */
  readyAt: number;
  firedAt: number;
  /** It goes off when this many datapoints on end are greater than the threshold, and is named for that. */
  datapoints: number;
  threshold: number;
  named: string;
}>;

/** The share of a series from which the first alarm learns what is usual, as the set's own benchmark grants it. */
const LEARNT_SHARE = 0.15;
const DEVIATIONS = 3;
const IN_A_ROW = 3;

/**
 * The alarm that knows the first 15 % of the points and goes off at the first three on end after them that are beyond
 * their mean and three standard deviations. @returns null where it never does.
 */
export const unusualAlarm = (points: readonly NabPoint[]): NabAlarm | null => {
  const readyAt = Math.floor(points.length * LEARNT_SHARE);
  if (readyAt === 0) return null;
  const learnt = points.slice(0, readyAt).map(({ value }) => value);
  const mean = meanOf(learnt);
  const threshold = mean + DEVIATIONS * Math.sqrt(meanOf(learnt.map((value) => (value - mean) ** 2)));
  const firedAt = points.findIndex(
    (_, index) =>
      index >= readyAt + IN_A_ROW - 1 &&
      points.slice(index - IN_A_ROW + 1, index + 1).every(({ value }) => value > threshold),
  );
  return firedAt < 0 ? null : { readyAt, firedAt, datapoints: IN_A_ROW, threshold, named: "unusual" };
};

const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/**
 * The alarm that goes off at the series' largest value, for it is beyond all that had been seen before.
 * @returns null where the largest is the first, so that nothing had been seen.
 */
export const peakAlarm = (points: readonly NabPoint[]): NabAlarm | null => {
  const values = points.map(({ value }) => value);
  const firedAt = values.indexOf(greatest(values));
  if (firedAt <= 0) return null;
  return { readyAt: 0, firedAt, datapoints: 1, threshold: greatest(values.slice(0, firedAt)), named: "peak" };
};

const greatest = (values: readonly number[]): number =>
  values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);

const BEFORE_MS = 24 * 3600 * 1000;
// As long as an incident is watched after it was handed over to people.
const AFTER_MS = 8 * 3600 * 1000;

/**
 * Writes an alarm over a series as a recorded incident: the alarm, its metric from a day before until eight hours after,
 * and the one resource; nobody recorded logs, changes or a history. A recorded datapoint shows at its stamp, so the
 * alarm is stamped with its last one: a period later, when CloudWatch knows it, the next would be seen too.
 * Pure: the same points give the same bytes. @throws TypeError where the metric names no resource.
 */
export const nabRecording = (
  { metric, region }: NabMetric,
  points: readonly NabPoint[],
  alarm: NabAlarm,
): RecordedFiles => {
  const place = placeIn(region);
  const resource = resourceBehind(metric, place);
  if (resource === null) throw new TypeError(`${metric.namespace}: its dimensions name no resource`);
  const window = points.slice(alarm.firedAt - alarm.datapoints + 1, alarm.firedAt + 1);
  const changedAtMs = window.at(-1)?.atMs ?? 0;
  const alarmName = `${resource.name}-${metric.metricName}-${alarm.named}`;
  const shown = points.filter(({ atMs }) => atMs >= changedAtMs - BEFORE_MS && atMs <= changedAtMs + AFTER_MS);
  const calm = points.slice(alarm.readyAt, alarm.readyAt + 1);
  return {
    alarmName,
    changedAtMs,
    files: {
      "alarm.json": alarmDocument(place, {
        alarmName,
        changedAtMs,
        metric,
        description: `${metric.metricName} of ${resource.name} is greater than ${javaNumber(alarm.threshold)}`,
        reason: reasonOf(window, alarm, "OK -> ALARM"),
        evaluation: {
          reasonData: reasonDataOf(metric.stat, window, alarm),
          previousState: {
            value: "OK",
            reason: reasonOf(calm, alarm, "ALARM -> OK"),
            reasonData: JSON.stringify(reasonDataOf(metric.stat, calm, alarm)),
            timestamp: isoTime(calm[0]?.atMs ?? changedAtMs),
          },
        },
      }),
      "metrics.json": document([
        metricRow(
          metric,
          shown.map(({ atMs }) => isoTime(atMs)),
          shown.map(({ value }) => value),
        ),
      ]),
      "resources.json": document([{ arn: resource.arn, type: resource.type, tags: {}, dependsOn: [] }]),
    },
  };
};

/** CloudWatch's own sentence, newest datapoint first. */
const reasonOf = (window: readonly NabPoint[], { threshold }: NabAlarm, transition: string): string => {
  const datapoints = window
    .toReversed()
    .map(({ atMs, value }) => `${javaNumber(value)} (${dayFirst(atMs)})`)
    .join(", ");
  const plural = window.length === 1 ? "" : "s";
  const verb = `${plural === "" ? "was" : "were"}${transition.endsWith("OK") ? " not" : ""}`;
  return (
    `Threshold Crossed: ${window.length} out of the last ${window.length} datapoints [${datapoints}] ${verb} greater than ` +
    `the threshold (${javaNumber(threshold)}) (minimum ${window.length} datapoint${plural} for ${transition} transition).`
  );
};

/** CloudWatch writes numbers as Java does: 50.0. */
const javaNumber = (value: number): string => (Number.isInteger(value) ? value.toFixed(1) : String(value));

/** 02/10/19 16:59:00 for the second of October 2019. */
const dayFirst = (atMs: number): string => {
  const [year = "", month, day] = isoTime(atMs).slice(2, 10).split("-");
  return `${day}/${month}/${year} ${isoTime(atMs).slice(11, 19)}`;
};

const reasonDataOf = (statistic: string, window: readonly NabPoint[], { threshold }: NabAlarm): Json => ({
  version: "1.0",
  queryDate: awsTime(window.at(-1)),
  startDate: awsTime(window[0]),
  statistic,
  period: PERIOD_SECONDS,
  recentDatapoints: window.map(({ value }) => value),
  threshold,
});

const awsTime = (point: NabPoint | undefined): string => isoTime(point?.atMs ?? 0).replace("Z", "+0000");
