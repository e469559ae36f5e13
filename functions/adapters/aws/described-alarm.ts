import type { CompositeAlarm, LogAlarm, Metric, MetricAlarm } from "@aws-sdk/client-cloudwatch";
import type { AlarmKind, AlarmState, MetricRef } from "../../core/alarm.ts";
import { kindOf, statistic } from "./alarm-metrics.ts";
import { readReasonData } from "./reason-data.ts";

/** An alarm as DescribeAlarms shows it now. */
export type DescribedAlarm = Readonly<{
  name: string;
  kind: AlarmKind;
  state: AlarmState;
  /** When the state last changed, not when it was last confirmed. */
  changedAtMs: number;
  reason: string;
  description: string | null;
  metrics: readonly MetricRef[];
  threshold: number | null;
  periodSeconds: number;
  evaluationPeriods: number;
  suppressedBy: string | null;
  /** Whether it may watch several time series at once, each with a state of its own. */
  hasContributors: boolean;
  /** Whether its own actions run. EventBridge tells of its changes all the same. */
  actionsEnabled: boolean;
}>;

/** CloudWatch's own default. A composite alarm has no period: it follows its children at once. */
const PERIOD_SECONDS = 60;

/** Null where the answer lacks a name or a state. */
export const metricAlarm = (alarm: MetricAlarm): DescribedAlarm | null => {
  const queries = alarm.Metrics ?? [];
  const expressions = queries.flatMap(({ Expression }) => Expression ?? []);
  const metrics = metricsOf(alarm);
  const periods = [
    ...metrics.map(({ periodSeconds }) => periodSeconds),
    ...queries.flatMap(({ Period }) => Period ?? []),
  ];
  const kind = kindOf({ alarmRule: null, expressions, queries: alarm.EvaluationCriteria !== undefined });
  return described(alarm, {
    kind,
    metrics,
    // An anomaly alarm has no threshold of its own: the edge of its band stands in the reason.
    threshold: alarm.Threshold ?? readReasonData(alarm.StateReasonData).threshold,
    // Math over metrics of several periods has a datapoint when the longest has one.
    periodSeconds:
      alarm.Period ?? alarm.EvaluationInterval ?? (periods.length > 0 ? Math.max(...periods) : PERIOD_SECONDS),
    evaluationPeriods: alarm.EvaluationPeriods ?? 1,
    suppressedBy: null,
    hasContributors: kind === "query",
  });
};

export const compositeAlarm = (alarm: CompositeAlarm): DescribedAlarm | null =>
  described(alarm, {
    kind: "composite",
    metrics: [],
    threshold: null,
    periodSeconds: PERIOD_SECONDS,
    evaluationPeriods: 1,
    suppressedBy: alarm.ActionsSuppressedBy ?? null,
    hasContributors: false,
  });

/** An alarm over a scheduled query of logs. How often that runs is a schedule, which no period tells. */
export const logAlarm = (alarm: LogAlarm): DescribedAlarm | null =>
  described(alarm, {
    kind: "query",
    metrics: [],
    threshold: alarm.Threshold ?? null,
    periodSeconds: PERIOD_SECONDS,
    evaluationPeriods: alarm.QueryResultsToEvaluate ?? 1,
    suppressedBy: null,
    hasContributors: true,
  });

type Watches = Omit<DescribedAlarm, "name" | "state" | "changedAtMs" | "reason" | "description" | "actionsEnabled">;

const described = (alarm: MetricAlarm | CompositeAlarm | LogAlarm, watches: Watches): DescribedAlarm | null => {
  const { AlarmName: name, StateValue: state } = alarm;
  const changedAt = alarm.StateTransitionedTimestamp ?? alarm.StateUpdatedTimestamp;
  if (name === undefined || state === undefined || changedAt === undefined) return null;
  return {
    name,
    state,
    changedAtMs: changedAt.getTime(),
    reason: alarm.StateReason ?? "",
    description: alarm.AlarmDescription ?? null,
    actionsEnabled: alarm.ActionsEnabled ?? true,
    ...watches,
  };
};

type Statistic = Readonly<{ metric: Metric; period: number | undefined; stat: string | undefined }>;

const metricRefs = ({ metric, period, stat }: Statistic): readonly MetricRef[] => {
  const { Namespace, MetricName, Dimensions = [] } = metric;
  if (Namespace === undefined || MetricName === undefined || stat === undefined) return [];
  const dimensions = Object.fromEntries(Dimensions.map(({ Name = "", Value = "" }) => [Name, Value]));
  return [
    {
      ...{ namespace: Namespace, metricName: MetricName, dimensions },
      ...{ stat: statistic.parse(stat), periodSeconds: period ?? PERIOD_SECONDS },
    },
  ];
};

/** The metric of a plain alarm, else those of its maths; in order. */
const metricsOf = (alarm: MetricAlarm): readonly MetricRef[] => [
  ...metricRefs({ metric: alarm, period: alarm.Period, stat: alarm.ExtendedStatistic ?? alarm.Statistic }),
  ...(alarm.Metrics ?? []).flatMap(({ MetricStat }) =>
    MetricStat?.Metric === undefined
      ? []
      : metricRefs({ metric: MetricStat.Metric, period: MetricStat.Period, stat: MetricStat.Stat }),
  ),
];
