import { z } from "zod";
import { alarmKey } from "../../core/ids.ts";
import { ingestConfigurationChange } from "../../core/ingest.ts";
import { identity, invalid, type ReadAlarm, stateChange, timestamp, unevaluated } from "./alarm-fields.ts";
import { readReasonData } from "./reason-data.ts";
import { alarmOf, contributor, stateChangeBody } from "./state-change.ts";

/**
 * CloudWatch's three alarm events, as EventBridge delivers them.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
 */
const STATE_CHANGE = "CloudWatch Alarm State Change";
const CONTRIBUTOR_STATE_CHANGE = "CloudWatch Alarm Contributor State Change";
const CONFIGURATION_CHANGE = "CloudWatch Alarm Configuration Change";

// PutEvents refuses a source that begins with "aws.", so another source is somebody imitating CloudWatch.
const recognised = z.object({
  "detail-type": z.enum([STATE_CHANGE, CONTRIBUTOR_STATE_CHANGE, CONFIGURATION_CHANGE]),
  source: z.literal("aws.cloudwatch").optional(),
});

const place = { account: identity, region: identity };
const alarmEvent = z.object({ ...place, detail: stateChangeBody });
const contributorEvent = z.object({ ...place, detail: stateChangeBody.extend({ alarmContributor: contributor }) });
const configurationEvent = z.object({
  ...place,
  time: timestamp.nullable().catch(null),
  detail: stateChangeBody.extend({ operation: z.string().catch("") }),
});

/** Reads an alarm's event; null where it is none of CloudWatch's. Never throws. */
export const readEventBridgeAlarm = (raw: unknown): ReadAlarm | null => {
  const event = recognised.safeParse(raw);
  if (!event.success) return null;
  switch (event.data["detail-type"]) {
    case STATE_CHANGE:
      return readAlarm(raw);
    case CONTRIBUTOR_STATE_CHANGE:
      return readContributor(raw);
    case CONFIGURATION_CHANGE:
      return readConfigurationChange(raw);
  }
};

const readAlarm = (raw: unknown): ReadAlarm => {
  const event = alarmEvent.safeParse(raw);
  if (!event.success) return invalid(event.error);
  const evaluation = readReasonData(event.data.detail.state.reasonData);
  return stateChange(alarmOf(event.data, event.data.detail, null, evaluation.threshold), evaluation);
};

const readContributor = (raw: unknown): ReadAlarm => {
  const event = contributorEvent.safeParse(raw);
  if (!event.success) return invalid(event.error);
  const { detail } = event.data;
  const evaluation = readReasonData(detail.state.reasonData);
  return stateChange(alarmOf(event.data, detail, detail.alarmContributor, evaluation.threshold), evaluation);
};

const readConfigurationChange = (raw: unknown): ReadAlarm => {
  const event = configurationEvent.safeParse(raw);
  if (!event.success) return unevaluated(ingestConfigurationChange(null, null));
  const { detail, time } = event.data;
  const parts = alarmOf(event.data, detail, null, null);
  const deletedAtMs = detail.operation === "delete" ? time : null;
  return unevaluated(ingestConfigurationChange({ key: alarmKey(parts), ...parts }, deletedAtMs));
};
