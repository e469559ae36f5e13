import { ManagedPolicy } from "aws-cdk-lib/aws-iam";
import type { Construct } from "constructs";
import { GROUPS_OF_PEOPLE } from "../functions/adapters/aws/tables.ts";
import { statementsOf } from "./grants.ts";
import type { Names } from "./names.ts";

/**
 * What people need to switch the agent off and on, to set a service's mode and to say who ranks: those items of the
 * ledger, and no others; and the topic, for whoever sets one tells the others at once. Attach it to the role of whoever is
 * on call; nothing of Quell holds it.
 */
export const breakGlassPolicy = (scope: Construct, names: Names): ManagedPolicy =>
  new ManagedPolicy(scope, "BreakGlass", {
    managedPolicyName: names.policyName("break-glass"),
    description: "Switches Quell off and on, sets modes and who ranks",
    statements: statementsOf([
      {
        actions: ["dynamodb:GetItem", "dynamodb:PutItem"],
        resources: [names.tableArn("ledger")],
        conditions: {
          "ForAllValues:StringLike": { "dynamodb:LeadingKeys": [...GROUPS_OF_PEOPLE] },
          Null: { "dynamodb:LeadingKeys": "false" },
        },
      },
      { actions: ["sns:Publish"], resources: [names.topicArn] },
    ]),
  });
