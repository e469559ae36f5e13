import { Duration } from "aws-cdk-lib";
import { Alarm, ComparisonOperator, type IMetric, Metric, TreatMissingData } from "aws-cdk-lib/aws-cloudwatch";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import type { IFunction } from "aws-cdk-lib/aws-lambda";
import type { ITopic } from "aws-cdk-lib/aws-sns";
import type { Construct } from "constructs";
import { DRILL_PERIOD_SECONDS } from "../functions/core/drill.ts";
import type { AlarmQueues } from "./alarm-queue.ts";
import { METRICS, type Names } from "./names.ts";

const { GREATER_THAN_OR_EQUAL_TO_THRESHOLD: AT_LEAST, LESS_THAN_THRESHOLD: BELOW } = ComparisonOperator;
const { BREACHING, NOT_BREACHING } = TreatMissingData;

/** An hour and a half beyond a day: the drill may be late once, and may not be missed. */
const DRILL_HOURS = 26;
/** An alarm that waits longer is answered too late to matter. */
const LATE = Duration.minutes(5);

type Watched = Readonly<{
  id: string;
  says: string;
  metric: IMetric;
  threshold: number;
  is?: ComparisonOperator;
  periods?: number;
  missing?: TreatMissingData;
}>;

/**
 * What the agent tells about itself, to people and with no function between: each sentence is what the page says. Their
 * names begin so that the agent never answers them.
 */
export const ownAlarms = (
  scope: Construct,
  names: Names,
  parts: Readonly<{ queues: AlarmQueues; functions: readonly IFunction[]; pages: ITopic; hasDrill: boolean }>,
): readonly Alarm[] => {
  const { queues, functions, pages, hasDrill } = parts;
  const period = Duration.minutes(5);
  const watched: readonly Watched[] = [
    {
      id: "dead-alarms",
      says: "Alarms that could not be taken lie in the dead-letter queue: nobody answers them. Read one, mend the cause, redrive.",
      metric: queues.dead.metricApproximateNumberOfMessagesVisible({
        period: Duration.minutes(1),
        statistic: "Maximum",
      }),
      threshold: 1,
    },
    {
      id: "late-alarms",
      says: `Alarms wait longer than ${LATE.toMinutes()} minutes for intake.`,
      metric: queues.alarms.metricApproximateAgeOfOldestMessage({ period: Duration.minutes(1), statistic: "Maximum" }),
      threshold: LATE.toSeconds(),
      periods: 3,
    },
    ...functions.flatMap((one): readonly Watched[] => [
      {
        id: `${one.node.scope?.node.id.toLowerCase()}-errors`,
        says: `${one.node.scope?.node.id} fails: read its log group.`,
        metric: one.metricErrors({ period, statistic: "Sum" }),
        threshold: 1,
        periods: 2,
      },
      {
        id: `${one.node.scope?.node.id.toLowerCase()}-throttles`,
        says: `${one.node.scope?.node.id} is throttled: the account's concurrency is used up, perhaps by the outage itself.`,
        metric: one.metricThrottles({ period, statistic: "Sum" }),
        threshold: 1,
        periods: 2,
      },
    ]),
    ...(hasDrill ? [drillMissing()] : []),
  ];
  return watched.map(({ id, says, metric, threshold, is = AT_LEAST, periods = 1, missing = NOT_BREACHING }) => {
    const alarm = new Alarm(scope, `Self-${id}`, {
      alarmName: `${names.ownAlarmPrefix}${id}`,
      alarmDescription: `Quell (${names.name}): ${says}`,
      metric,
      threshold,
      comparisonOperator: is,
      evaluationPeriods: periods,
      treatMissingData: missing,
    });
    alarm.addAlarmAction(new SnsAction(pages));
    alarm.addOkAction(new SnsAction(pages));
    return alarm;
  });
};

/** Hours add up in the alarm: CloudWatch takes no period above a day, and looks back no further than seven. */
const drillMissing = (): Watched => ({
  id: "drill-missing",
  says: `no drill came through in ${DRILL_HOURS} hours: an alarm of yours may not be answered either.`,
  metric: new Metric({
    namespace: METRICS,
    metricName: "DrillsCompleted",
    period: Duration.hours(1),
    statistic: "Sum",
  }),
  threshold: 1,
  is: BELOW,
  periods: DRILL_HOURS,
  missing: BREACHING,
});

/** The synthetic alarm: reconcile raises its metric once a day, and its ALARM walks the way of every other. */
export const drillAlarm = (scope: Construct, names: Names): Alarm =>
  new Alarm(scope, "Drill", {
    alarmName: names.drillAlarm,
    alarmDescription: "Quell's daily drill: nothing is wrong. It is answered in observe mode and ends by itself.",
    metric: new Metric({
      namespace: METRICS,
      metricName: "DrillDue",
      period: Duration.seconds(DRILL_PERIOD_SECONDS),
      statistic: "Maximum",
    }),
    threshold: 1,
    comparisonOperator: AT_LEAST,
    evaluationPeriods: 1,
    treatMissingData: NOT_BREACHING,
  });
