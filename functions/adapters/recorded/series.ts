import type { MetricRef } from "../../core/alarm.ts";
import type { RecordedSeries } from "./metrics-file.ts";
import { type Recording, rowsOf } from "./recording.ts";

/** Whether two references mean the same statistic of the same metric, whatever the period. */
export const isSameStatistic = (a: MetricRef, b: MetricRef): boolean => isSameMetric(a, b) && a.stat === b.stat;

/** Whether two references mean the same metric, whatever statistic and period. */
export const isSameMetric = (a: MetricRef, b: MetricRef): boolean =>
  a.namespace === b.namespace && a.metricName === b.metricName && hasSameDimensions(a, b);

export const hasSameDimensions = (a: MetricRef, b: MetricRef): boolean => {
  const names = Object.keys(a.dimensions);
  return (
    names.length === Object.keys(b.dimensions).length &&
    names.every((name) => a.dimensions[name] === b.dimensions[name])
  );
};

/** The recorded series of a metric's statistic: that of the same period where several were recorded. */
export const findSeries = (recording: Recording, metric: MetricRef): RecordedSeries | undefined => {
  const found = rowsOf(recording.metrics).filter((series) => isSameStatistic(series.metric, metric));
  return found.find((series) => series.metric.periodSeconds === metric.periodSeconds) ?? found[0];
};
