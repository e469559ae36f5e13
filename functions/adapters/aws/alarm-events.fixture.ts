import type { Json } from "../../core/json.ts";

/**
 * Events in the shapes that AWS documents, for tests.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
 */
type Fields = Readonly<Record<string, Json>>;

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
