import { type CloudWatchClient, GetAlarmMuteRuleCommand, paginateListAlarmMuteRules } from "@aws-sdk/client-cloudwatch";
import { callAws } from "./call.ts";

/** Stands before the rule's name in its ARN. */
const RULE = ":alarm-mute-rule:";

/**
 * Names of the alarms that a mute rule silences now. Throws AwsCallFailed.
 * DescribeAlarms does not tell: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_ListAlarmMuteRules.html
 */
export const mutedAlarms = async (client: CloudWatchClient): Promise<ReadonlySet<string>> => {
  const rules = await callAws("cloudwatch:ListAlarmMuteRules", "active mute rules", async () => {
    const arns: string[] = [];
    const pages = paginateListAlarmMuteRules({ client, stopOnSameToken: true }, { Statuses: ["ACTIVE"] });
    for await (const { AlarmMuteRuleSummaries = [] } of pages)
      arns.push(...AlarmMuteRuleSummaries.flatMap(({ AlarmMuteRuleArn }) => AlarmMuteRuleArn ?? []));
    return arns;
  });
  const muted = new Set<string>();
  for (const arn of rules) {
    const { MuteTargets } = await callAws("cloudwatch:GetAlarmMuteRule", arn, () =>
      client.send(new GetAlarmMuteRuleCommand({ AlarmMuteRuleName: arn.slice(arn.indexOf(RULE) + RULE.length) })),
    );
    for (const name of MuteTargets?.AlarmNames ?? []) muted.add(name);
  }
  return muted;
};
