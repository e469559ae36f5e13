import type { Change } from "../../../core/evidence.ts";
import { arnOf, besideArn, functionArnOf } from "../resources/arn.ts";

/** The id within an ARN of an Auto Scaling group: a call names the group alone. */
const GROUP_ID = /^autoScalingGroup:[^:]*:/;

/**
 * ARNs under which changes of a resource may have been told: its own; of an Auto Scaling group the one without its id; of
 * an alias the function's, whose concurrency is the alias's too.
 */
export const namesOf = (arn: string): readonly string[] => {
  const { service, rest } = arnOf(arn);
  const names = [arn];
  if (service === "autoscaling") names.push(besideArn(arn, service, rest.replace(GROUP_ID, "autoScalingGroup::")));
  if (service === "lambda" && rest.startsWith("function:")) names.push(functionArnOf(arn));
  return [...new Set(names)];
};

/** Whether a change is one of this resource: new code of a function is none of its aliases', which name a version. */
export const concerns = (arn: string, { target, kind }: Change): boolean => {
  if (target === arn) return true;
  if (!namesOf(arn).includes(target)) return false;
  return arnOf(arn).service !== "lambda" || kind === "config";
};
