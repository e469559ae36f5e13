import { runbookContract } from "../contract.ts";
import { healthyWorld, resourceOfType } from "../world.fixture.ts";
import { rdsReboot } from "./runbook.ts";

const world = healthyWorld();
const target = resourceOfType(world, "AWS::RDS::DBInstance");
const named = { DBInstanceIdentifier: target.name };

runbookContract(rdsReboot, {
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
