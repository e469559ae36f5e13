import type { Json } from "../core/json.ts";
import { cloudWatchTime } from "../world/alarm-words.ts";

/** A state change of an alarm that the simulated cloud does not know, as EventBridge delivers it. */
export const stateChange = (
  { account, region }: Readonly<{ account: string; region: string }>,
  alarmName: string,
  value: "ALARM" | "OK",
  atMs: number,
): Json => ({
  ...{ version: "0", "detail-type": "CloudWatch Alarm State Change", source: "aws.cloudwatch" },
  ...{ account, region, resources: [] },
  detail: {
    alarmName,
    state: { value, reason: "Threshold Crossed", timestamp: cloudWatchTime(atMs) },
    previousState: { value: value === "ALARM" ? "OK" : "ALARM" },
    configuration: { metrics: [] },
  },
});
