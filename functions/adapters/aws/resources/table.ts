import { DescribeTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { callAws } from "../call.ts";
import { eachOf, known, orAbsent } from "./asking.ts";
import { type ResourceReader, seen } from "./kind.ts";
import { table } from "./shapes.ts";

/** Tables with their provisioned throughput; one that is paid by request has none, which is 0. */
export const reader: ResourceReader = {
  attributes: ["tableStatus", "billingMode", "readCapacityUnits", "writeCapacityUnits"],
  optional: [],
  unreadable: {},
  read: async (clientOf, arns) => {
    const dynamoDb = clientOf(DynamoDBClient);
    const found = await eachOf(arns, async (arn) => {
      const TableName = table.nameIn(arn) ?? "";
      const answer = await orAbsent(["ResourceNotFoundException"], () =>
        callAws("dynamodb:DescribeTable", arn, () => dynamoDb.send(new DescribeTableCommand({ TableName }))),
      );
      if (answer?.Table === undefined) return null;
      const { TableStatus, BillingModeSummary, ProvisionedThroughput } = answer.Table;
      return seen({
        ...{ arn, type: table.type, name: TableName, part: "store" },
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
