import { type IRuleTarget, RuleTargetInput } from "aws-cdk-lib/aws-events";
import { ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { IFunction } from "aws-cdk-lib/aws-lambda";
import type { Names } from "./names.ts";

/** A target of a rule that grants nothing by itself: who may send is written where it is received. */
export const to = (arn: string, input?: Readonly<Record<string, string>>): IRuleTarget => ({
  bind: () => ({ arn, ...(input === undefined ? {} : { input: RuleTargetInput.fromObject(input) }) }),
});

/**
 * Lets a rule of this account call a function, and no other rule, account or service.
 * @param suffix of rules of which there are several, each with a name of its own behind the first
 */
export const allowRules = (target: IFunction, names: Names, rule: keyof Names["rule"], suffix = ""): void =>
  target.addPermission(`From-${rule}`, {
    principal: new ServicePrincipal("events.amazonaws.com"),
    sourceArn: `${names.ruleArn(rule)}${suffix}`,
    sourceAccount: names.account,
  });
