import { z } from "zod";
import type { Alarm } from "../../core/alarm.ts";
import { alarmKey } from "../../core/ids.ts";
import { type Ingested, ingestConfigurationChange, ingestStateChange, notAnAlarm } from "../../core/ingest.ts";
import { readConfiguration } from "./alarm-configuration.ts";
import { describeIssue } from "./json-pointer.ts";
import { readReasonData } from "./reason-data.ts";
import { parseTimestamp } from "./timestamp.ts";

/**
 * CloudWatch's three alarm events, as EventBridge delivers them.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
 */
const STATE_CHANGE = "CloudWatch Alarm State Change";
const CONTRIBUTOR_STATE_CHANGE = "CloudWatch Alarm Contributor State Change";
const CONFIGURATION_CHANGE = "CloudWatch Alarm Configuration Change";

const text = z.string().nullable().catch(null);
const alarmState = z.enum(["OK", "ALARM", "INSUFFICIENT_DATA"]);

const timestamp = z.string().transform((written, context) => {
  const atMs = parseTimestamp(written);
  if (atMs !== null) return atMs;
  context.issues.push({ code: "custom", message: "Invalid input: expected an ISO 8601 time", input: written });
  return z.NEVER;
});

const state = z.object({
  value: alarmState,
  timestamp,
  reason: z.string().catch(""),
  reasonData: z.unknown().optional(),
  actionsSuppressedBy: text,
});

const stateDetail = z.object({
  alarmName: z.string().min(1),
  state,
  previousState: z
    .object({ value: alarmState.nullable().catch(null) })
    .nullable()
    .catch(null),
  configuration: z.unknown().optional(),
  muteDetail: z.unknown().optional(),
});

const contributorDetail = stateDetail.extend({ alarmContributor: z.object({ id: z.string().min(1) }) });

// Identity needs the account and Region; they are not patterns, since partitions and test accounts differ in form.
const envelope = { account: z.string().min(1), region: z.string().min(1) };
const stateEvent = z.object({ ...envelope, detail: stateDetail });
const contributorEvent = z.object({ ...envelope, detail: contributorDetail });

/**
 * Reads one event as EventBridge delivers it. Strict in alarm name, state, its time, account and Region (identity
 * rests on them), liberal in all the rest: a damaged optional part reads as absent. Never throws.
 */
export const parseAlarmEvent = (raw: unknown): Ingested => {
  switch (detailTypeOf(raw)) {
    case STATE_CHANGE: {
      const event = stateEvent.safeParse(raw);
      return event.success ? ingestStateChange(alarmOf(event.data, null)) : invalid(event.error);
    }
    case CONTRIBUTOR_STATE_CHANGE: {
      const event = contributorEvent.safeParse(raw);
      return event.success
        ? ingestStateChange(alarmOf(event.data, event.data.detail.alarmContributor.id))
        : invalid(event.error);
    }
    case CONFIGURATION_CHANGE: {
      const event = stateEvent.safeParse(raw);
      return ingestConfigurationChange(event.success ? alarmOf(event.data, null) : null, null);
    }
    default:
      return notAnAlarm;
  }
};

// PutEvents refuses a source that begins with "aws.", so another source is somebody imitating CloudWatch.
const recognised = z.object({ "detail-type": z.string(), source: z.literal("aws.cloudwatch").optional() });

const detailTypeOf = (raw: unknown): string | null => {
  const event = recognised.safeParse(raw);
  return event.success ? event.data["detail-type"] : null;
};

const invalid = (error: z.ZodError): Ingested => ({ kind: "invalid", reason: describeIssue(error) });

const alarmOf = ({ account, region, detail }: z.infer<typeof stateEvent>, contributorId: string | null): Alarm => {
  const { kind, description, metrics } = readConfiguration(detail.configuration);
  const identity = { account, region, alarmName: detail.alarmName, contributorId };
  return {
    ...identity,
    attributes: {},
    key: alarmKey(identity),
    kind,
    state: detail.state.value,
    changedAtMs: detail.state.timestamp,
    previousState: detail.previousState?.value ?? null,
    reason: detail.state.reason,
    description,
    metrics,
    threshold: readReasonData(detail.state.reasonData).threshold,
    suppressedBy: detail.state.actionsSuppressedBy || null,
    muted: typeof detail.muteDetail === "object" && detail.muteDetail !== null,
  };
};
