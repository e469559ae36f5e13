import { z } from "zod";
import {
  alarmState,
  attributes,
  identity,
  invalid,
  type ReadAlarm,
  stateChange,
  text,
  timestamp,
} from "./alarm-fields.ts";
import { kindOf } from "./alarm-metrics.ts";
import { readTrigger } from "./sns-trigger.ts";

/** What only an alarm's notification says, and what it says besides. */
const STATE_WORDS = ["NewStateValue", "OldStateValue", "NewStateReason", "StateChangeTime"];
const WORDS = [...STATE_WORDS, "AlarmName", "AlarmArn", "AWSAccountId"];

/**
 * The body of an alarm's notification: the message itself, whatever brought it.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html and, for alarms on
 * log queries, https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-log.html
 */
const body = z.object({
  AlarmName: identity,
  NewStateValue: alarmState,
  StateChangeTime: timestamp,
  AWSAccountId: identity,
  Region: z.string().optional().catch(undefined),
  AlarmArn: z.string().catch(""),
  OldStateValue: alarmState.nullable().catch(null),
  NewStateReason: z.string().catch(""),
  AlarmDescription: text,
  AlarmRule: text,
  AlarmContributorId: identity.nullish(),
  AlarmContributorAttributes: attributes,
  Trigger: z.unknown().optional(),
  NewStateReasonData: z.looseObject({ queryResultsToEvaluate: z.number() }).nullable().catch(null),
});

// A display name such as "EU (Ireland)" is no Region: then the alarm's ARN says it, arn:aws:cloudwatch:REGION:...
const located = body.transform((read, context) => {
  const region = read.Region !== undefined && /^\S+$/.test(read.Region) ? read.Region : read.AlarmArn.split(":")[3];
  if (region !== undefined && /^\S+$/.test(region)) return { ...read, region };
  const message = "Invalid input: expected a Region here or inside AlarmArn";
  context.issues.push({ code: "custom", message, input: read.Region, path: ["Region"] });
  return z.NEVER;
});

/**
 * Reads an alarm's notification; null where it is none. A notification never says that its alarm is muted: nothing is
 * sent while it is, and what was held back is sent with `ActionExecutedAfterMuteWindow` when the window ends, since the
 * alarm still holds. Never throws.
 */
export const readSnsAlarm = (raw: unknown): ReadAlarm | null => {
  if (!isNotification(raw)) return null;
  const parsed = located.safeParse(raw);
  if (!parsed.success) return invalid(parsed.error);
  const read = parsed.data;
  const { expressions, queries, metrics, evaluation } = readTrigger(read.Trigger);
  const contributorId = read.AlarmContributorId ?? null;
  const ofQuery = queries || contributorId !== null || read.NewStateReasonData !== null;
  return stateChange(
    {
      account: read.AWSAccountId,
      region: read.region,
      alarmName: read.AlarmName,
      contributorId,
      attributes: contributorId === null ? {} : read.AlarmContributorAttributes,
      kind: kindOf({ alarmRule: read.AlarmRule, expressions, queries: ofQuery }),
      state: read.NewStateValue,
      changedAtMs: read.StateChangeTime,
      previousState: read.OldStateValue,
      reason: read.NewStateReason,
      description: read.AlarmDescription,
      metrics,
      threshold: evaluation.threshold,
      suppressedBy: null,
      muted: false,
    },
    evaluation,
  );
};

// One word may be anybody's, and a description of an alarm has its name and ARN but tells of no change.
const isNotification = (raw: unknown): boolean => {
  if (typeof raw !== "object" || raw === null) return false;
  const written = (word: string): boolean => Object.hasOwn(raw, word);
  return STATE_WORDS.some(written) && WORDS.filter(written).length > 1;
};
