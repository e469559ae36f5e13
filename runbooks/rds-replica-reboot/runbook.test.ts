import assert from "node:assert/strict";
import { test } from "node:test";
import { resourcesOf } from "../../functions/world/graph.ts";
import { runbookContract } from "../contract.ts";
import { healthyWorldFor } from "../world.fixture.ts";
import { rdsReplicaReboot } from "./runbook.ts";

const world = healthyWorldFor("replica-lag");
const databases = resourcesOf(world, Object.keys(world.resources)).filter(
  ({ type }) => type === "AWS::RDS::DBInstance",
);
const target = databases.find(({ attributes }) => attributes.isReplica === true);
if (target === undefined) throw new Error("this world has no replica");
const params = rdsReplicaReboot.aim(target) ?? {};
const named = { DBInstanceIdentifier: target.name };

runbookContract(rdsReplicaReboot, {
  world,
  target: target.arn,
  params,
  spoil: { service: "rds", api: "RebootDBInstance", input: named },
  shows: {
    call: { service: "rds", api: "DescribeDBInstances", input: named },
    selector: "$.DBInstances[0].DBInstanceStatus",
    value: "rebooting",
  },
  changes: ["rds:RebootDBInstance"],
});

test("rds-replica-reboot: it aims at replicas alone", () => {
  const primaries = databases.filter(({ attributes }) => attributes.isReplica === false);

  const aims = primaries.map((primary) => rdsReplicaReboot.aim(primary));

  assert.ok(aims.length > 0 && aims.every((aim) => aim === null));
});
