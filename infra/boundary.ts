import { Effect, ManagedPolicy, PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { Construct } from "constructs";
import { acknowledge } from "./acknowledgements.ts";
import type { Names } from "./names.ts";

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

/**
 * The most that a role may ever do. It grants nothing by itself: a role may do what its own policy and this both allow.
 * @param parts.passesTo the one service to which the roles held by it may pass a role; only `iam:PassRole` carries
 * `iam:PassedToService`, and a condition that a key differs holds where the key is absent: all else of IAM is denied
 */
export const boundaryFor = (
  scope: Construct,
  id: string,
  parts: Readonly<{ names: Names; name: string; passesTo: string }>,
): ManagedPolicy => {
  const boundary = new ManagedPolicy(scope, id, {
    managedPolicyName: parts.name,
    description: "The most that a role of Quell may ever do: no deletes of data, no edits of alarms, nothing of IAM",
    statements: [
      new PolicyStatement({ actions: ["*"], resources: ["*"] }),
      new PolicyStatement({ effect: Effect.DENY, actions: [...NEVER], resources: ["*"] }),
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
