import { DescribeTableCommand } from "@aws-sdk/client-dynamodb";
import { callAws } from "../call.ts";
import { restAfter } from "./arn.ts";
import { eachOf, known, orAbsent } from "./asking.ts";
import { type ResourceKind, seen } from "./kind.ts";

const TYPE = "AWS::DynamoDB::Table";
const tableIn = (arn: string): string | null =>
  /^[A-Za-z0-9_.-]+$/.exec(restAfter(arn, "dynamodb", "table/") ?? "")?.[0] ?? null;

/** Tables with their provisioned throughput; one that is paid by request has none, which is 0. */
export const table: ResourceKind = {
  type: TYPE,
  owns: (arn) => tableIn(arn) !== null,
  attributes: ["tableStatus", "billingMode", "readCapacityUnits", "writeCapacityUnits"],
  optional: [],
  unreadable: {},
  read: async ({ dynamoDb }, arns) => {
    const found = await eachOf(arns, async (arn) => {
      const TableName = tableIn(arn) ?? "";
      const answer = await orAbsent(["ResourceNotFoundException"], () =>
        callAws("dynamodb:DescribeTable", arn, () => dynamoDb.send(new DescribeTableCommand({ TableName }))),
      );
      if (answer?.Table === undefined) return null;
      const { TableStatus, BillingModeSummary, ProvisionedThroughput } = answer.Table;
      return seen({
        ...{ arn, type: TYPE, name: TableName, part: "store" },
        attributes: known({
          tableStatus: TableStatus,
          // DynamoDB leaves it out for a table that was never anything else.
          billingMode: BillingModeSummary?.BillingMode ?? "PROVISIONED",
          readCapacityUnits: ProvisionedThroughput?.ReadCapacityUnits ?? 0,
          writeCapacityUnits: ProvisionedThroughput?.WriteCapacityUnits ?? 0,
        }),
      });
    });
    return found.filter((one) => one !== null);
  },
};
