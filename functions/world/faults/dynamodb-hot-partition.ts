import { between } from "../random.ts";
import { type DynamoDbTable, isDynamoDbTable, PARTITION_READ_UNITS } from "../resources/dynamodb-table.ts";
import { type Fault, numberOf, stateAt, textOf } from "./fault.ts";
import { shows } from "./symptom.ts";
import { provisionedTable } from "./table-place.ts";

const USUAL_HOT_SHARE = 0.02;
const MOST_HOT_SHARE = 0.95;
const USUAL_UTILISATION = 0.5; // of the provisioned units

const readsOf = ({ readCapacityUnits }: DynamoDbTable): number => readCapacityUnits * USUAL_UTILISATION;

/**
 * Everybody asks for the items of one partition key. A partition serves 3,000 read units a second whatever the table has,
 * so the table is throttled with units to spare, and more of them do nothing: only other keys help.
 */
export const dynamoDbHotPartition: Fault = {
  id: "dynamodb-hot-partition",
  family: "capacity",
  likelihood: 2,
  needs: ["dynamodb-table"],
  draw: (system, stream) => {
    const table = provisionedTable(system, `${stream}|where`);
    const overload = between(`${stream}|severity`, 0, 1.25, 1.55);
    return {
      arn: table.arn,
      hotShare: Math.min(MOST_HOT_SHARE, (PARTITION_READ_UNITS * overload) / readsOf(table)),
    };
  },
  remedies: () => [{ runbook: "dynamodb-capacity", at: "arn", does: "nothing" }],
  course: () => ({ kind: "persists" }),
  symptoms: (system, parameters) => [shows(system, textOf(parameters, "arn"), ["ReadThrottleEvents", "Sum"], "up")],
  start: (world, active) => {
    stateAt(world, active, "arn", isDynamoDbTable).hotShare = numberOf(active.parameters, "hotShare");
  },
  isPresent: (world, active) => stateAt(world, active, "arn", isDynamoDbTable).hotShare > USUAL_HOT_SHARE,
  heal: (world, active) => {
    // The readers keep the hot items to themselves for some seconds: a setting of their own, no API of AWS.
    stateAt(world, active, "arn", isDynamoDbTable).hotShare = USUAL_HOT_SHARE;
  },
};
