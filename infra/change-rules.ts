import { Rule } from "aws-cdk-lib/aws-events";
import type { IFunction } from "aws-cdk-lib/aws-lambda";
import type { Construct } from "constructs";
import { CHANGE_EVENT_PATTERNS } from "../functions/adapters/aws/changes/event-patterns.ts";
import type { Names } from "./names.ts";
import { allowRules, to } from "./rule-target.ts";

const CLOUDTRAIL = "AWS API Call via CloudTrail";

/**
 * Deployments and other changes as they happen: CloudTrail's own search lags by minutes and answers twice a second. Its
 * events come only where a trail writes management events; what services tell by themselves comes anyway.
 */
export const changeRules = (scope: Construct, names: Names, changes: IFunction): void => {
  for (const { source, "detail-type": detailType, detail } of CHANGE_EVENT_PATTERNS) {
    const of = `${source.join("-").replaceAll("aws.", "")}${detailType.includes(CLOUDTRAIL) ? "-calls" : ""}`;
    new Rule(scope, `Changes-${of}`, {
      ruleName: `${names.rule.changes}-${of}`,
      description: "What was deployed or changed, for Quell to remember",
      eventPattern: {
        account: [names.account],
        region: [names.region],
        source: [...source],
        detailType: [...detailType],
        ...(detail === undefined ? {} : { detail }),
      },
    }).addTarget(to(changes.functionArn));
  }
  allowRules(changes, names, "changes", "-*");
};
