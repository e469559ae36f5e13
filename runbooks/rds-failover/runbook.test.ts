import { runbookContract } from "../contract.ts";
import { healthyWorldFor, resourceOfType } from "../world.fixture.ts";
import { rdsFailover } from "./runbook.ts";

const world = healthyWorldFor("primary-degraded");
const target = resourceOfType(world, "AWS::RDS::DBInstance");
const named = { DBInstanceIdentifier: target.name };

runbookContract(rdsFailover, {
  world,
  target: target.arn,
  params: named,
  spoil: { service: "rds", api: "RebootDBInstance", input: named },
  shows: {
    call: { service: "rds", api: "DescribeDBInstances", input: named },
    selector: "$.DBInstances[0].DBInstanceStatus",
    value: "rebooting",
  },
  changes: ["rds:RebootDBInstance"],
});
