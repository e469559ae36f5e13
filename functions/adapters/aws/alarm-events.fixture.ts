import type { AlarmState, MetricRef } from "../../core/alarm.ts";
import type { Json } from "../../core/json.ts";

/**
 * Payloads in the shapes that AWS documents, for tests.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions-Lambda.html
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-log.html
 */
export type Fields = Readonly<Record<string, Json>>;

const event = (detailType: string, detail: Fields): Fields => ({
  version: "0",
  id: "c4c1c1c9-6542-e61b-6ef0-8c4d36933a92",
  "detail-type": detailType,
  source: "aws.cloudwatch",
  account: "123456789012",
  time: "2026-01-05T10:04:41Z",
  region: "eu-west-1",
  resources: ["arn:aws:cloudwatch:eu-west-1:123456789012:alarm:any"],
  detail,
});

/** A metric alarm that went from OK to ALARM at 2026-01-05T10:04:40.989Z; `detail` replaces fields of the detail. */
export const metricAlarmEvent = (detail: Fields = {}): Fields =>
  event("CloudWatch Alarm State Change", {
    alarmName: "checkout / 5xx too high",
    state: {
      value: "ALARM",
      reason: "Threshold Crossed: 1 datapoint [12.0] was greater than the threshold (5.0).",
      reasonData: JSON.stringify({
        version: "1.0",
        queryDate: "2026-01-05T10:04:40.985+0000",
        startDate: "2026-01-05T10:03:00.000+0000",
        statistic: "Sum",
        period: 60,
        recentDatapoints: [12.0],
        threshold: 5.0,
      }),
      timestamp: "2026-01-05T10:04:40.989+0000",
    },
    previousState: { value: "OK", reason: "", timestamp: "2026-01-05T09:00:00.000+0000" },
    configuration: {
      description: "Too many failed requests",
      metrics: [
        {
          id: "m1",
          metricStat: {
            metric: {
              namespace: "AWS/ApplicationELB",
              name: "HTTPCode_Target_5XX_Count",
              dimensions: { LoadBalancer: "app/checkout/50dc6c495c0c9188" },
            },
            period: 60,
            stat: "Sum",
          },
          returnData: true,
        },
      ],
    },
    ...detail,
  });

/** A composite alarm; `state` replaces fields of its state. */
export const compositeAlarmEvent = (state: Fields): Fields =>
  event("CloudWatch Alarm State Change", {
    alarmName: "checkout",
    state: {
      value: "ALARM",
      reason: "a child transitioned to ALARM",
      reasonData: '{"triggeringAlarms":[]}',
      timestamp: "2026-01-05T10:04:40.394+0000",
      ...state,
    },
    previousState: { value: "OK", timestamp: "2026-01-05T09:00:00.000+0000" },
    configuration: { alarmRule: "ALARM(a) OR ALARM(b)", actionsSuppressor: "maintenance" },
  });

/** One contributor of a Metrics Insights alarm: no previous state, no reasonData. */
export const contributorEvent = (id: string): Fields =>
  event("CloudWatch Alarm Contributor State Change", {
    alarmName: "tables throttle",
    alarmContributor: { id, attributes: { TableName: "carts" } },
    state: { value: "ALARM", reason: "Threshold Crossed", timestamp: "2026-01-05T10:04:40.394+0000" },
    configuration: { metrics: [{ id: "q1", expression: "SELECT SUM(ThrottledRequests) FROM SCHEMA" }] },
  });

/** A Metrics Insights alarm as a whole; `configuration` replaces what it watches. */
export const queryAlarmEvent = (configuration: Fields = {}): Fields =>
  event("CloudWatch Alarm State Change", {
    alarmName: "tables throttle",
    state: {
      value: "ALARM",
      reason: "2 out of 9 time series evaluated to ALARM",
      timestamp: "2026-01-05T10:04:40.394+0000",
    },
    previousState: { value: "OK", timestamp: "2026-01-05T09:00:00.000+0000" },
    configuration: {
      metrics: [{ id: "q1", expression: "SELECT SUM(ThrottledRequests) FROM SCHEMA", returnData: true, period: 60 }],
      ...configuration,
    },
  });

/** An alarm was created, updated or deleted at 10:10 while it rang. */
export const configurationEvent = (operation: string): Fields => ({
  ...event("CloudWatch Alarm Configuration Change", {
    alarmName: "checkout",
    operation,
    state: { value: "ALARM", timestamp: "2026-01-05T10:04:40.394+0000" },
    configuration: { alarmRule: "ALARM(a) OR ALARM(b)", alarmName: "checkout", actionsEnabled: true },
  }),
  time: "2026-01-05T10:10:00Z",
});

/** One state change of one metric alarm, to be told in every shape. */
export type Told = Readonly<{
  account: string;
  region: string;
  alarmName: string;
  state: AlarmState;
  /** As CloudWatch writes it, with `+0000` or with `Z`. */
  time: string;
  metric: MetricRef;
  contributor: Readonly<{ id: string; attributes: Readonly<Record<string, string>> }> | null;
}>;

export const CHECKOUT: Told = {
  account: "123456789012",
  region: "eu-west-1",
  alarmName: "checkout / 5xx too high",
  state: "ALARM",
  time: "2026-01-05T10:04:40.989+0000",
  metric: {
    namespace: "AWS/ApplicationELB",
    metricName: "HTTPCode_Target_5XX_Count",
    dimensions: { LoadBalancer: "app/checkout/50dc6c495c0c9188" },
    stat: "SampleCount",
    periodSeconds: 60,
  },
  contributor: null,
};

/** What the console calls a Region; none of these names is one. */
export const REGION_NAMES: Readonly<Record<string, string>> = {
  "eu-west-1": "EU (Ireland)",
  "us-east-1": "US East (N. Virginia)",
  "ap-northeast-1": "Asia Pacific (Tokyo)",
  "us-gov-west-1": "AWS GovCloud (US-West)",
};

const arnOf = ({ region, account, alarmName }: Told): string =>
  `arn:aws:cloudwatch:${region}:${account}:alarm:${alarmName}`;

const stateChangeOf = ({ alarmName, state, time, metric, contributor }: Told): Fields => ({
  alarmName,
  ...(contributor === null ? {} : { alarmContributor: contributor }),
  state: { value: state, reason: "Threshold Crossed", timestamp: time },
  configuration: {
    metrics: [
      {
        id: "m1",
        metricStat: {
          metric: { namespace: metric.namespace, name: metric.metricName, dimensions: metric.dimensions },
          period: metric.periodSeconds,
          stat: metric.stat,
        },
        returnData: true,
      },
    ],
  },
});

export const eventBridgeOf = (told: Told): Fields => ({
  ...event(`CloudWatch Alarm ${told.contributor === null ? "" : "Contributor "}State Change`, stateChangeOf(told)),
  account: told.account,
  region: told.region,
});

/** What a function is called with that is the alarm's own action; `data` replaces fields of its alarmData. */
export const lambdaActionOf = (told: Told, data: Fields = {}): Fields => ({
  source: "aws.cloudwatch",
  alarmArn: arnOf(told),
  accountId: told.account,
  time: told.time,
  region: told.region,
  alarmData: { ...stateChangeOf(told), ...data },
});

const snsBodyOf = (told: Told): Fields => ({
  AlarmName: told.alarmName,
  AlarmDescription: "Too many failed requests",
  AWSAccountId: told.account,
  AlarmConfigurationUpdatedTimestamp: "2025-12-01T08:00:00.000+0000",
  NewStateValue: told.state,
  NewStateReason: "Threshold Crossed",
  StateChangeTime: told.time,
  Region: REGION_NAMES[told.region] ?? told.region,
  AlarmArn: arnOf(told),
  OldStateValue: "OK",
  OKActions: [],
  AlarmActions: [`arn:aws:sns:${told.region}:${told.account}:alarms`],
  InsufficientDataActions: [],
  ...(told.contributor === null
    ? {}
    : { AlarmContributorId: told.contributor.id, AlarmContributorAttributes: told.contributor.attributes }),
});

const pairs = (dimensions: MetricRef["dimensions"]): Json =>
  Object.entries(dimensions).map(([name, value]) => ({ value, name }));

/** The body of a metric alarm's notification, its metric in the trigger itself; `body` replaces fields. */
export const snsAlarmOf = (told: Told, body: Fields = {}): Fields => ({
  ...snsBodyOf(told),
  Trigger: {
    MetricName: told.metric.metricName,
    Namespace: told.metric.namespace,
    StatisticType: "Statistic",
    Statistic: told.metric.stat.replace(/(?<=[a-z])(?=[A-Z])/, "_").toUpperCase(),
    Unit: null,
    Dimensions: pairs(told.metric.dimensions),
    Period: told.metric.periodSeconds,
    EvaluationPeriods: 3,
    ComparisonOperator: "GreaterThanThreshold",
    Threshold: 5,
    TreatMissingData: "",
    EvaluateLowSampleCountPercentile: "",
  },
  ...body,
});

/** The same alarm, its metric among the trigger's queries; `queries` come after it, and `trigger` replaces fields. */
export const snsQueriesOf = (told: Told, queries: readonly Json[] = [], trigger: Fields = {}): Fields => ({
  ...snsBodyOf(told),
  Trigger: {
    Period: 60,
    EvaluationPeriods: 1,
    ComparisonOperator: "LessThanLowerOrGreaterThanUpperThreshold",
    Threshold: 0,
    TreatMissingData: "",
    EvaluateLowSampleCountPercentile: "",
    Metrics: [
      {
        Id: "m1",
        MetricStat: {
          Metric: {
            Dimensions: pairs(told.metric.dimensions),
            MetricName: told.metric.metricName,
            Namespace: told.metric.namespace,
          },
          Period: told.metric.periodSeconds,
          Stat: told.metric.stat,
        },
        ReturnData: true,
      },
      ...queries,
    ],
    ...trigger,
  },
});

/** The body of a composite alarm's notification: a rule and children, no trigger. */
export const snsCompositeOf = (told: Told): Fields => ({
  ...snsBodyOf(told),
  AlarmRule: "ALARM(a) OR ALARM(b)",
  TriggeringChildren: [{ Arn: arnOf(told), State: { Value: "ALARM", Timestamp: told.time } }],
});

/** The body of a log alarm's notification, its reason data a JSON object. */
export const snsLogAlarmOf = (told: Told): Fields => ({
  ...snsBodyOf(told),
  NewStateReasonData: {
    version: "1.0",
    queryDate: "2026-01-05T10:04:40.900+0000",
    threshold: 100,
    queryResultsToEvaluate: 5,
    queryResultsToAlarm: 3,
    results: [{ queryResultId: "one", status: "COMPLETE", timestamp: "2026-01-05T10:00:00.000+0000", value: 142 }],
  },
});

/** A notification as SNS posts it to HTTP and SQS. */
export const snsNotification = (message: Json): Fields => ({
  Type: "Notification",
  MessageId: "d88d4479-6ec0-54fe-b63f-1cf9df4bb16e",
  TopicArn: "arn:aws:sns:eu-west-1:123456789012:alarms",
  Message: typeof message === "string" ? message : JSON.stringify(message),
  Timestamp: "2026-01-05T10:04:41.287Z",
  SignatureVersion: "1",
  Signature: "EXAMPLE",
});

/** A notification as SNS hands it to a function. */
export const snsEvent = (...messages: readonly Json[]): Fields => ({
  Records: messages.map((message) => ({
    EventVersion: "1.0",
    EventSubscriptionArn: "arn:aws:sns:eu-west-1:123456789012:alarms:1",
    EventSource: "aws:sns",
    Sns: snsNotification(message),
  })),
});

/** A batch as Lambda polls it from SQS; the messages are `m0`, `m1` and so on. */
export const sqsEvent = (...bodies: readonly Json[]): Readonly<{ Records: readonly Fields[] }> => ({
  Records: bodies.map((body, index) => ({
    messageId: `m${index}`,
    receiptHandle: "EXAMPLE",
    body: typeof body === "string" ? body : JSON.stringify(body),
    attributes: { ApproximateReceiveCount: "1", SentTimestamp: "1767607481000" },
    messageAttributes: {},
    eventSource: "aws:sqs",
    eventSourceARN: "arn:aws:sqs:eu-west-1:123456789012:alarms",
    awsRegion: "eu-west-1",
  })),
});
