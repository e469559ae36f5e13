import { Duration } from "aws-cdk-lib";
import {
  Effect,
  type IManagedPolicy,
  PolicyDocument,
  PolicyStatement,
  type PrincipalBase,
  Role,
  ServicePrincipal,
} from "aws-cdk-lib/aws-iam";
import type { Construct } from "constructs";
import { acknowledgeWildcards } from "./acknowledgements.ts";

type Conditions = Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;

/** What a role may do to what; with `deny`, what it may not whatever else says so. */
export type Grant = Readonly<{
  actions: readonly string[];
  resources: readonly string[];
  conditions?: Conditions;
  deny?: true;
}>;

/** Statements in the order of the grants; one that names no resource is left out. */
export const statementsOf = (grants: readonly Grant[]): PolicyStatement[] =>
  grants
    .filter(({ resources }) => resources.length > 0)
    .map(
      ({ actions, resources, conditions, deny }) =>
        new PolicyStatement({
          effect: deny === true ? Effect.DENY : Effect.ALLOW,
          actions: [...actions],
          resources: [...resources],
          ...(conditions === undefined ? {} : { conditions }),
        }),
    );

/**
 * A role with everything that it may do in one inline policy, held by a boundary. Nothing that CDK would add to it by
 * itself is added: whoever uses it passes `role.withoutPolicyUpdates()`.
 */
export const roleFor = (
  scope: Construct,
  id: string,
  parts: Readonly<{
    name: string;
    description: string;
    trusts: PrincipalBase;
    grants: readonly Grant[];
    boundary: IManagedPolicy;
  }>,
): Role => {
  const { name, description, trusts, grants, boundary } = parts;
  const statements = statementsOf(grants);
  const role = new Role(scope, id, {
    roleName: name,
    description,
    assumedBy: trusts,
    permissionsBoundary: boundary,
    maxSessionDuration: Duration.hours(1),
    ...(statements.length === 0 ? {} : { inlinePolicies: { its: new PolicyDocument({ statements }) } }),
  });
  acknowledgeWildcards(role, grants);
  return role;
};

/** Systems Manager, only for executions of Automation in this account. */
export const automationIn = (account: string, partition: string): ServicePrincipal =>
  new ServicePrincipal("ssm.amazonaws.com", {
    conditions: {
      StringEquals: { "aws:SourceAccount": account },
      ArnLike: { "aws:SourceArn": `arn:${partition}:ssm:*:${account}:automation-execution/*` },
    },
  });
