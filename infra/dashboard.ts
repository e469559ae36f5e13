import { Duration } from "aws-cdk-lib";
import {
  AlarmStatusWidget,
  Dashboard,
  GraphWidget,
  type IAlarm,
  type IMetric,
  LogQueryWidget,
  Metric,
} from "aws-cdk-lib/aws-cloudwatch";
import type { IFunction } from "aws-cdk-lib/aws-lambda";
import type { Construct } from "constructs";
import { ABSTAINED, TERMINALS, type Terminal } from "../functions/core/reasons.ts";
import type { AlarmQueues } from "./alarm-queue.ts";
import { METRICS, type Names } from "./names.ts";

const HALF = 12;
const DONE = ["Decisions", "Effects", "Undos", "ConsentsAsked", "ConsentsGiven"];

const graph = (title: string, left: IMetric[]): GraphWidget =>
  new GraphWidget({ title, left, width: HALF, height: 6, leftYAxis: { min: 0 } });

/** What the records of incidents count (functions/core/measures.ts). */
const own = (metricName: string): Metric =>
  new Metric({ namespace: METRICS, metricName, statistic: "Sum", period: Duration.hours(1) });

/** The same, one line for each value of its dimension. */
const each = (metricName: string, dimension: string, values: readonly string[], statistic = "Sum"): Metric[] =>
  values.map(
    (value) =>
      new Metric({
        ...{ namespace: METRICS, metricName, statistic, period: Duration.hours(1), label: value },
        dimensionsMap: { [dimension]: value },
      }),
  );
/** Of these alone it is known how long they took. */
const RECOVERED = ["RESOLVED", "SELF_RECOVERED"] satisfies readonly Terminal[];

/** One page of how the agent itself is: what waits, what fails, how long calls take, and what it said of late. */
export const dashboard = (
  scope: Construct,
  names: Names,
  parts: Readonly<{ queues: AlarmQueues; functions: readonly IFunction[]; alarms: readonly IAlarm[] }>,
): Dashboard => {
  const { queues, functions, alarms } = parts;
  const period = Duration.minutes(5);
  const board = new Dashboard(scope, "Dashboard", { dashboardName: names.name, defaultInterval: Duration.days(1) });
  board.addWidgets(
    new AlarmStatusWidget({ title: "Quell about itself", alarms: [...alarms], width: 2 * HALF, height: 4 }),
  );
  board.addWidgets(
    graph("How incidents ended", each("Incidents", "Terminal", TERMINALS)),
    graph("Minutes to recovery, mean", each("RecoveryMinutes", "Terminal", RECOVERED, "Average")),
  );
  board.addWidgets(
    graph("Decisions, effects, undos and consents", DONE.map(own)),
    graph("Why it abstained", each("Abstentions", "Because", ABSTAINED)),
  );
  board.addWidgets(
    graph("What models cost, US dollars", [own("CostUSD")]),
    graph("What models read and wrote, tokens", [own("Tokens")]),
  );
  board.addWidgets(
    graph("Alarms that wait, and that could not be taken", [
      queues.alarms.metricApproximateNumberOfMessagesVisible({ period, label: "wait" }),
      queues.dead.metricApproximateNumberOfMessagesVisible({ period, label: "dead" }),
    ]),
    graph("Oldest alarm that waits, seconds", [queues.alarms.metricApproximateAgeOfOldestMessage({ period })]),
  );
  board.addWidgets(
    graph(
      "Calls",
      functions.map((one) => one.metricInvocations({ period })),
    ),
    graph(
      "Errors and throttles",
      functions.flatMap((one) => [one.metricErrors({ period }), one.metricThrottles({ period })]),
    ),
  );
  board.addWidgets(
    new LogQueryWidget({
      title: "Warnings and errors",
      logGroupNames: functions.map((one) => `/aws/lambda/${one.functionName}`),
      queryLines: [
        "fields @timestamp, service, incident, message",
        'filter level in ["WARN", "ERROR"]',
        "sort @timestamp desc",
        "limit 50",
      ],
      width: 2 * HALF,
      height: 8,
    }),
  );
  return board;
};
