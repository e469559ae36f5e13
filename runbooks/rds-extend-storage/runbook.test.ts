import assert from "node:assert/strict";
import { test } from "node:test";
import { runbookContract } from "../contract.ts";
import { numberOf } from "../facts.ts";
import { healthyWorldFor, resourceOfType } from "../world.fixture.ts";
import { rdsExtendStorage } from "./runbook.ts";

const world = healthyWorldFor("database-storage-filling");
const target = resourceOfType(world, "AWS::RDS::DBInstance");
const allocated = numberOf(target, "allocatedStorage") ?? 0;
const named = { DBInstanceIdentifier: target.name };
const params = { ...named, AllocatedStorage: Math.ceil(allocated * 1.5), ExpectedAllocatedStorage: allocated };

runbookContract(rdsExtendStorage, {
  world,
  target: target.arn,
  params,
  spoil: {
    service: "rds",
    api: "ModifyDBInstance",
    input: { ...named, AllocatedStorage: allocated * 2, ApplyImmediately: true },
  },
  shows: {
    call: { service: "rds", api: "DescribeDBInstances", input: named },
    selector: "$.DBInstances[0].AllocatedStorage",
    value: String(params.AllocatedStorage),
  },
  changes: ["rds:ModifyDBInstance"],
});

test("rds-extend-storage: it never shrinks a disk, nor more than doubles it", () => {
  const sizes = [allocated - 1, allocated, Math.floor(allocated * 1.05), allocated * 2 + 1];

  const taken = sizes.filter(
    (size) => rdsExtendStorage.parameters.safeParse({ ...params, AllocatedStorage: size }).success,
  );

  assert.deepEqual(taken, []);
});
