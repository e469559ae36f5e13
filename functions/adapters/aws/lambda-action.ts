import { z } from "zod";
import { identity, invalid, type ReadAlarm, stateChange } from "./alarm-fields.ts";
import { readReasonData } from "./reason-data.ts";
import { alarmOf, contributor, stateChangeBody } from "./state-change.ts";

/**
 * What CloudWatch hands a function that is an alarm's action. AWS documents it for metric and composite alarms; the
 * action of one contributor carries `alarmContributor` as its event does.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions-Lambda.html
 */
const recognised = z.looseObject({ source: z.literal("aws.cloudwatch") });

const action = z.object({
  accountId: identity,
  region: identity,
  alarmData: stateChangeBody.extend({ alarmContributor: contributor.nullish() }),
});

/** Reads a direct Lambda alarm action; null where it is none. Never throws. */
export const readLambdaAction = (raw: unknown): ReadAlarm | null => {
  const sent = recognised.safeParse(raw);
  if (!sent.success || !("alarmData" in sent.data || "alarmArn" in sent.data)) return null;
  const parsed = action.safeParse(raw);
  if (!parsed.success) return invalid(parsed.error);
  const { accountId: account, region, alarmData } = parsed.data;
  const evaluation = readReasonData(alarmData.state.reasonData);
  const who = alarmData.alarmContributor ?? null;
  return stateChange(alarmOf({ account, region }, alarmData, who, evaluation.threshold), evaluation);
};
