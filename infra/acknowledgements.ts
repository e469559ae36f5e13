import { Validations } from "aws-cdk-lib";
import type { IConstruct } from "constructs";
import type { Grant } from "./grants.ts";
import { isWildcard, wildcardReason } from "./wildcards.ts";

/** Says why one finding of cdk-nag stands, by its exact id. */
export const acknowledge = (construct: IConstruct, id: string, reason: string): void =>
  Validations.of(construct).acknowledge({ id, reason });

/** Every wildcard of a role that the closed list covers for all its actions; any other one stays a finding. */
export const acknowledgeWildcards = (role: IConstruct, grants: readonly Grant[]): void => {
  const reasons = new Map<string, string | null>();
  for (const { actions, resources, deny } of grants)
    for (const resource of resources.filter((one) => deny !== true && isWildcard(one)))
      for (const action of actions) {
        const because = wildcardReason(action, resource);
        reasons.set(resource, reasons.get(resource) === null ? null : because);
      }
  for (const [resource, because] of reasons)
    if (because !== null) acknowledge(role, `AwsSolutions-IAM5[Resource::${resource}]`, because);
};
