import { runbookContract } from "../contract.ts";
import { healthyWorldFor, resourceOfType } from "../world.fixture.ts";
import { rdsProxyLimitConnections } from "./runbook.ts";

const world = healthyWorldFor("connection-storm");
const target = resourceOfType(world, "AWS::RDS::DBProxy");
const named = { DBProxyName: target.name };

runbookContract(rdsProxyLimitConnections, {
  world,
  target: target.arn,
  params: { ...named, MaxConnectionsPercent: 50, ExpectedMaxConnectionsPercent: 100 },
  spoil: {
    service: "rds",
    api: "ModifyDBProxyTargetGroup",
    input: { ...named, TargetGroupName: "default", ConnectionPoolConfig: { MaxConnectionsPercent: 80 } },
  },
  shows: {
    call: { service: "rds", api: "DescribeDBProxyTargetGroups", input: named },
    selector: "$.TargetGroups[0].ConnectionPoolConfig.MaxConnectionsPercent",
    value: "50",
  },
  meddle: {
    service: "rds",
    api: "ModifyDBProxyTargetGroup",
    input: { ...named, TargetGroupName: "default", ConnectionPoolConfig: { MaxConnectionsPercent: 80 } },
  },
  changes: ["rds:ModifyDBProxyTargetGroup"],
});
