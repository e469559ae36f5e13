import { type Ingested, notAnAlarm } from "../../core/ingest.ts";
import { type ReadAlarm, unevaluated } from "./alarm-fields.ts";
import { readEventBridgeAlarm } from "./eventbridge-alarm.ts";
import { readLambdaAction } from "./lambda-action.ts";
import { readSnsAlarm } from "./sns-alarm.ts";

/** Every shape in which an alarm speaks for itself; each says null to a payload that is not of its shape. */
const SHAPES: readonly ((raw: unknown) => ReadAlarm | null)[] = [readEventBridgeAlarm, readLambdaAction, readSnsAlarm];

/** Reads one alarm's own payload, with what it tells of the evaluation; null where it is none. Never throws. */
export const readAlarmPayload = (raw: unknown): ReadAlarm | null => {
  for (const read of SHAPES) {
    const alarm = read(raw);
    if (alarm !== null) return alarm;
  }
  return null;
};

/**
 * Reads one alarm's own payload: an EventBridge event, a Lambda action, the body of a notification. Strict in alarm
 * name, state, its time, account and Region (identity rests on them), liberal in all the rest: a damaged optional part
 * reads as absent. What wraps it, such as an SQS event, is parseDelivery's. Never throws.
 */
export const parseAlarmEvent = (raw: unknown): Ingested => (readAlarmPayload(raw) ?? unevaluated(notAnAlarm)).ingested;
