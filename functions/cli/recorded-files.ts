import { v5 as uuidv5 } from "uuid";
import type { Place } from "../adapters/recorded/namespaces.ts";
import type { MetricRef } from "../core/alarm.ts";
import { isoTime } from "../core/ids.ts";
import type { Json } from "../core/json.ts";

/** The files of a recorded incident: its alarm's name and time, and the text of each file. */
export type RecordedFiles = Readonly<{
  alarmName: string;
  changedAtMs: number;
  files: Readonly<Record<string, string>>;
}>;

/** Where an incident is said to have been: the sources name no account, and AWS's documentation uses this one. */
export const placeIn = (region: string | undefined): Place => ({
  account: "123456789012",
  region: region ?? "us-east-1",
});

/** The text of a JSON file. */
export const document = (value: Json): string => `${JSON.stringify(value, null, 2)}\n`;

/** An alarm that went off. `evaluation` is what CloudWatch says of how it came to that, null where nobody knows. */
export type WentOff = Readonly<{
  alarmName: string;
  changedAtMs: number;
  metric: MetricRef;
  description: string;
  reason: string;
  evaluation: Readonly<{ reasonData: Json; previousState: Json }> | null;
}>;

/** The text of alarm.json: the EventBridge event of an alarm's change to ALARM. */
export const alarmDocument = ({ account, region }: Place, alarm: WentOff): string => {
  const { alarmName, changedAtMs, description, reason, evaluation } = alarm;
  const { namespace, metricName: name, dimensions, stat, periodSeconds: period } = alarm.metric;
  const arn = `arn:aws:cloudwatch:${region}:${account}:alarm:${alarmName}`;
  const timestamp = isoTime(changedAtMs);
  const reasonData = evaluation === null ? {} : { reasonData: JSON.stringify(evaluation.reasonData) };
  const previous = evaluation === null ? {} : { previousState: evaluation.previousState };
  return document({
    version: "0",
    id: uuidv5(`${arn}|${timestamp}`, uuidv5.URL),
    "detail-type": "CloudWatch Alarm State Change",
    source: "aws.cloudwatch",
    account,
    time: timestamp,
    region,
    resources: [arn],
    detail: {
      alarmName,
      state: { value: "ALARM", reason, ...reasonData, timestamp },
      ...previous,
      configuration: {
        description,
        metrics: [
          { id: "m1", metricStat: { metric: { namespace, name, dimensions }, period, stat }, returnData: true },
        ],
      },
    },
  });
};

/** One row of metrics.json; `timestamps` are written as they are given. */
export const metricRow = (
  { namespace, metricName, dimensions, stat, periodSeconds }: MetricRef,
  timestamps: readonly string[],
  values: readonly (number | null)[],
): Json => ({ namespace, metricName, dimensions, stat, period: periodSeconds, timestamps, values });
