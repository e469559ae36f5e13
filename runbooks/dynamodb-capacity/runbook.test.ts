import assert from "node:assert/strict";
import { test } from "node:test";
import { call } from "../../functions/world/aws-api.ts";
import { resourcesOf } from "../../functions/world/graph.ts";
import { startAutomation } from "../../functions/world/runs.ts";
import { advance, fork } from "../../functions/world/world.ts";
import { described } from "../automation.fixture.ts";
import { runbookContract } from "../contract.ts";
import { numberOf } from "../facts.ts";
import { healthyWorldFor } from "../world.fixture.ts";
import { dynamoDbCapacity } from "./runbook.ts";

const world = healthyWorldFor("dynamodb-throttled");
const target = resourcesOf(world, Object.keys(world.resources)).find(
  ({ attributes }) => attributes.billingMode === "PROVISIONED",
);
if (target === undefined) throw new Error("this world has no table with provisioned throughput");
const read = numberOf(target, "readCapacityUnits") ?? 0;
const write = numberOf(target, "writeCapacityUnits") ?? 0;
const named = { TableName: target.name };
const units = (ReadCapacityUnits: number, WriteCapacityUnits: number) => ({
  ...named,
  ProvisionedThroughput: { ReadCapacityUnits, WriteCapacityUnits },
});
const describe = { service: "dynamodb", api: "DescribeTable", input: named };

runbookContract(dynamoDbCapacity, {
  world,
  target: target.arn,
  params: dynamoDbCapacity.aim(target) ?? {},
  spoil: { service: "dynamodb", api: "UpdateTable", input: units(read + 100, write) },
  shows: {
    call: describe,
    selector: "$.Table.ProvisionedThroughput.ReadCapacityUnits",
    value: String(read * 2),
  },
  meddle: { service: "dynamodb", api: "UpdateTable", input: units(read * 2, write + 5) },
  changes: ["dynamodb:UpdateTable"],
});

test("dynamodb-capacity: its undo leaves units alone that somebody else has set since", () => {
  const later = fork(world);
  const { undo } = dynamoDbCapacity.documents ?? {};
  assert.ok(undo !== undefined && undo !== null);
  assert.ok(
    call(
      later,
      { executionId: null, person: "somebody" },
      { ...describe, api: "UpdateTable", input: units(read * 3, write) },
    ).ok,
  );
  const parameters = {
    ...named,
    PreviousReadCapacityUnits: read,
    PreviousWriteCapacityUnits: write,
    ReadCapacityUnits: read * 2,
    WriteCapacityUnits: write,
  };

  const request = { documentName: undo.name, documentHash: undo.hash, parameters, clientToken: "undo", tags: {} };
  startAutomation(later, new Map([[undo.name, undo]]), request);
  advance(later, later.nowMs + 1_800_000);

  assert.equal(described(later, describe, "$.Table.ProvisionedThroughput.ReadCapacityUnits"), read * 3);
});

test("dynamodb-capacity: writes that nobody has seen throttled stay as they are", () => {
  const params = dynamoDbCapacity.aim(target);

  assert.deepEqual([params?.ReadCapacityUnits, params?.WriteCapacityUnits], [read * 2, write]);
});
