import { between } from "../random.ts";
import { isDynamoDbTable } from "../resources/dynamodb-table.ts";
import { type Fault, numberOf, stateAt, textOf } from "./fault.ts";
import { shows } from "./symptom.ts";
import { provisionedTable } from "./table-place.ts";

const ENOUGH = 4; // times the units that it has

/**
 * The items have grown, and the table has all the units that the account's quota allows: DynamoDB refuses more, and no
 * runbook raises a quota. AWS does, when a person asks.
 */
export const dynamoDbAccountLimit: Fault = {
  id: "dynamodb-account-limit",
  family: "capacity",
  likelihood: 1,
  needs: ["dynamodb-table"],
  draw: (system, stream) => ({
    arn: provisionedTable(system, `${stream}|where`).arn,
    itemGrowth: between(`${stream}|severity`, 0, 2.6, 3.6),
  }),
  remedies: () => [{ runbook: "dynamodb-capacity", at: "arn", does: "nothing" }],
  course: () => ({ kind: "persists" }),
  symptoms: (system, parameters) => [
    shows(system, textOf(parameters, "arn"), ["ReadThrottleEvents", "Sum"], "up"),
    shows(system, textOf(parameters, "arn"), ["SuccessfulRequestLatency", "Average"], "up"),
  ],
  start: (world, active) => {
    const state = stateAt(world, active, "arn", isDynamoDbTable);
    state.quotaReadUnits = state.readCapacityUnits;
    state.itemGrowth = numberOf(active.parameters, "itemGrowth");
  },
  isPresent: (world, active) => {
    const { quotaReadUnits, readCapacityUnits } = stateAt(world, active, "arn", isDynamoDbTable);
    return readCapacityUnits >= quotaReadUnits;
  },
  heal: (world, active, act) => {
    const state = stateAt(world, active, "arn", isDynamoDbTable);
    state.quotaReadUnits = state.readCapacityUnits * 2 * ENOUGH;
    const ProvisionedThroughput = {
      ReadCapacityUnits: state.readCapacityUnits * ENOUGH,
      WriteCapacityUnits: state.writeCapacityUnits * ENOUGH,
    };
    act({ service: "dynamodb", api: "UpdateTable", input: { TableName: state.name, ProvisionedThroughput } });
  },
};
