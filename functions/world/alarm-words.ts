import type { AlarmState } from "../core/alarm.ts";
import { isoTime } from "../core/ids.ts";
import type { MetricAlarm } from "./types.ts";

/** CloudWatch's own form of a time: `2026-01-05T01:02:03.000+0000`. */
export const cloudWatchTime = (atMs: number): string => isoTime(atMs).replace("Z", "+0000");

/** CloudWatch's sentence for a change of state, and the data behind it. */
export const explain = (
  alarm: MetricAlarm,
  state: AlarmState,
  datapoints: readonly (number | null)[],
  startMs: number,
  nowMs: number,
): Readonly<{ reason: string; reasonData: string }> => {
  const present = datapoints.filter((value) => value !== null);
  const isAbove = alarm.comparison === "above";
  const breaching = present.filter((value) => (isAbove ? value > alarm.threshold : value < alarm.threshold)).length;
  const counted = state === "ALARM" ? breaching : present.length - breaching;
  const was = `${counted === 1 ? "was" : "were"} ${state === "ALARM" ? "" : "not "}${isAbove ? "greater" : "less"} than`;
  const edge = alarm.band === null ? "threshold" : `${isAbove ? "upper" : "lower"} threshold of the band`;
  const reason =
    present.length === 0
      ? `Insufficient Data: ${alarm.evaluationPeriods} datapoints were unknown.`
      : `Threshold Crossed: ${counted} out of the last ${alarm.evaluationPeriods} datapoints [${present.join(", ")}] ${was} the ${edge} (${alarm.threshold}).`;
  const reasonData = JSON.stringify({
    version: "1.0",
    queryDate: cloudWatchTime(nowMs),
    startDate: cloudWatchTime(startMs),
    statistic: alarm.metric.stat,
    period: alarm.metric.periodSeconds,
    recentDatapoints: present,
    threshold: alarm.threshold,
  });
  return { reason, reasonData };
};
