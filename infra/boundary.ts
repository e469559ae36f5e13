import { Effect, ManagedPolicy, PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { Construct } from "constructs";
import { GROUPS_OF_PEOPLE } from "../functions/adapters/aws/tables.ts";
import { acknowledge } from "./acknowledgements.ts";
import type { Names } from "./names.ts";
import { BY_ITS_CODE } from "./network.ts";

/** What no role of Quell may do, whatever another policy says: to data, to the alarms that judge it, to who may do what. */
export const NEVER: readonly string[] = [
  "account:*",
  "organizations:*",
  // What holds data, and its copies.
  "backup:Delete*",
  "dynamodb:BatchWriteItem",
  "dynamodb:Delete*",
  "dynamodb:PartiQL*",
  "dynamodb:RestoreTable*",
  "dynamodb:UpdateContinuousBackups",
  "ec2:Delete*",
  "ec2:TerminateInstances",
  "ecs:Delete*",
  "ecs:DeregisterTaskDefinition",
  "ecs:ExecuteCommand",
  "elasticache:Delete*",
  "kms:CreateGrant",
  "kms:DisableKey",
  "kms:PutKeyPolicy",
  "kms:ScheduleKeyDeletion",
  "lambda:Delete*",
  "lambda:UpdateFunctionCode",
  "logs:Delete*",
  "rds:Delete*",
  "rds:RestoreDB*",
  "s3:Delete*",
  "s3:PutBucket*",
  "s3:PutLifecycleConfiguration",
  "secretsmanager:DeleteSecret",
  "secretsmanager:PutSecretValue",
  "ssm:DeleteParameter*",
  "ssm:PutParameter",
  "sqs:DeleteQueue",
  "sqs:PurgeQueue",
  // What judges it: an agent that silences its alarm has mended nothing.
  "cloudwatch:Delete*",
  "cloudwatch:DisableAlarmActions",
  "cloudwatch:EnableAlarmActions",
  "cloudwatch:PutCompositeAlarm",
  "cloudwatch:PutMetricAlarm",
  "cloudwatch:SetAlarmState",
  "cloudtrail:DeleteTrail",
  "cloudtrail:StopLogging",
  "cloudtrail:UpdateTrail",
  "events:DeleteRule",
  "events:DisableRule",
  "events:PutRule",
  // What it runs: documents come by a deployment, never at run time.
  "ssm:CreateDocument",
  "ssm:DeleteDocument*",
  "ssm:ModifyDocumentPermission",
  "ssm:SendCommand",
  "ssm:StartSession",
  "ssm:UpdateDocument*",
];

/** In a VPC Lambda itself takes away the network interfaces that it made there, as the function's role. */
const BY_LAMBDA = "ec2:Delete*";

const never = (actions: readonly string[], conditions = {}): PolicyStatement =>
  new PolicyStatement({ effect: Effect.DENY, actions: [...actions], resources: ["*"], conditions });

/**
 * The most that a role may ever do. It grants nothing by itself: a role may do what its own policy and this both allow.
 * @param parts.passesTo the one service to which the roles held by it may pass a role; only `iam:PassRole` carries
 * `iam:PassedToService`, and a condition that a key differs holds where the key is absent: all else of IAM is denied
 * @param parts.isInNetwork whether those roles are of functions in a VPC
 */
export const boundaryFor = (
  scope: Construct,
  id: string,
  parts: Readonly<{ names: Names; name: string; passesTo: string; isInNetwork?: boolean }>,
): ManagedPolicy => {
  const boundary = new ManagedPolicy(scope, id, {
    managedPolicyName: parts.name,
    description: "The most that a role of Quell may ever do: no deletes of data, no edits of alarms, nothing of IAM",
    statements: [
      new PolicyStatement({ actions: ["*"], resources: ["*"] }),
      ...(parts.isInNetwork === true
        ? [never(NEVER.filter((one) => one !== BY_LAMBDA)), never([BY_LAMBDA], BY_ITS_CODE)]
        : [never(NEVER)]),
      // Whoever could set its own switch would have none.
      new PolicyStatement({
        effect: Effect.DENY,
        actions: ["dynamodb:PutItem", "dynamodb:UpdateItem"],
        resources: [parts.names.tableArn("ledger")],
        conditions: { "ForAnyValue:StringLike": { "dynamodb:LeadingKeys": [...GROUPS_OF_PEOPLE] } },
      }),
      new PolicyStatement({
        effect: Effect.DENY,
        actions: ["iam:*"],
        resources: ["*"],
        conditions: { StringNotEquals: { "iam:PassedToService": parts.passesTo } },
      }),
    ],
  });
  acknowledge(
    boundary,
    "AwsSolutions-IAM5[Action::*]",
    "a boundary grants nothing: it only limits what roles are granted",
  );
  acknowledge(
    boundary,
    "AwsSolutions-IAM5[Resource::*]",
    "a boundary grants nothing: it only limits what roles are granted",
  );
  return boundary;
};
