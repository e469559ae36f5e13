export type AlarmState = "OK" | "ALARM" | "INSUFFICIENT_DATA";
/** `query`: a Metrics Insights, PromQL or log query, which may watch many time series at once. */
export type AlarmKind = "metric" | "metric-math" | "anomaly" | "composite" | "query";

/** One CloudWatch metric as GetMetricData names it. */
export type MetricRef = Readonly<{
  namespace: string;
  metricName: string;
  dimensions: Readonly<Record<string, string>>;
  stat: string;
  periodSeconds: number;
}>;

/**
 * One state change of one alarm, parsed once at the edge.
 * `reason` and `description` are other people's words: they are shown, never obeyed and never a feature.
 */
export type Alarm = Readonly<{
  key: string;
  account: string;
  region: string;
  alarmName: string;
  contributorId: string | null;
  /** What tells one contributor (time series) from another, such as a queue's name; none for any other alarm. */
  attributes: Readonly<Record<string, string>>;
  kind: AlarmKind;
  state: AlarmState;
  changedAtMs: number;
  previousState: AlarmState | null;
  reason: string;
  description: string | null;
  metrics: readonly MetricRef[];
  /** As CloudWatch itself wrote it, in its reasonData or a notification's trigger; null where it did not. */
  threshold: number | null;
  suppressedBy: string | null;
  muted: boolean;
}>;

/** Whether a state change may open an incident. A suppressed alarm that is released arrives as ALARM -> ALARM. */
export const opensIncident = (alarm: Alarm): boolean =>
  alarm.state === "ALARM" && alarm.suppressedBy === null && !alarm.muted;

/** Orders state changes of one alarm by CloudWatch's own time, never by arrival. */
export const isNewer = (alarm: Alarm, newestChangedAtMs: number): boolean => alarm.changedAtMs > newestChangedAtMs;
