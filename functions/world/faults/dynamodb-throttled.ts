import { between } from "../random.ts";
import { isDynamoDbTable } from "../resources/dynamodb-table.ts";
import { serviceAbove } from "./data-place.ts";
import { type Fault, numberOf, stateAt, textOf } from "./fault.ts";
import { shows } from "./symptom.ts";
import { provisionedTable } from "./table-place.ts";

/** Somebody saved money: the table has fewer units than its readers need. More units end it. */
export const dynamoDbThrottled: Fault = {
  id: "dynamodb-throttled",
  family: "capacity",
  likelihood: 2,
  needs: ["dynamodb-table", "ecs-service"],
  draw: (system, stream) => {
    const { arn } = provisionedTable(system, `${stream}|where`);
    return {
      arn,
      caller: serviceAbove(system, `${stream}|caller`, arn).arn,
      leftShare: between(`${stream}|severity`, 0, 0.3, 0.4),
    };
  },
  remedies: () => [
    { runbook: "dynamodb-capacity", at: "arn", does: "heals" },
    { runbook: "ecs-rollback", at: "caller", does: "nothing" },
  ],
  course: () => ({ kind: "persists" }),
  symptoms: (system, parameters) => [shows(system, textOf(parameters, "arn"), ["ReadThrottleEvents", "Sum"], "up")],
  start: (world, active) => {
    const state = stateAt(world, active, "arn", isDynamoDbTable);
    active.memory = { read: state.readCapacityUnits, write: state.writeCapacityUnits };
    state.readCapacityUnits = Math.ceil(state.readCapacityUnits * numberOf(active.parameters, "leftShare"));
  },
  isPresent: (world, active) => {
    const { readCapacityUnits } = stateAt(world, active, "arn", isDynamoDbTable);
    // A little more than half of what it had is enough for its readers.
    return readCapacityUnits < 0.58 * Number(active.memory.read);
  },
  heal: (world, active, act) => {
    const { name } = stateAt(world, active, "arn", isDynamoDbTable);
    const { read = 0, write = 0 } = active.memory;
    const ProvisionedThroughput = { ReadCapacityUnits: Number(read), WriteCapacityUnits: Number(write) };
    act({ service: "dynamodb", api: "UpdateTable", input: { TableName: name, ProvisionedThroughput } });
  },
};
