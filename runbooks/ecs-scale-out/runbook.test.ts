import { runbookContract } from "../contract.ts";
import { arnParts, numberOf } from "../facts.ts";
import { healthyWorld, resourceOfType } from "../world.fixture.ts";
import { ecsScaleOut } from "./runbook.ts";

const world = healthyWorld();
const target = resourceOfType(world, "AWS::ECS::Service");
const [, cluster = "", service = ""] = arnParts(target.arn);
const desired = numberOf(target, "desiredCount") ?? 0;

runbookContract(ecsScaleOut, {
  world,
  target: target.arn,
  params: { Cluster: cluster, Service: service, DesiredCount: desired + 2, ExpectedDesiredCount: desired },
  spoil: { service: "ecs", api: "UpdateService", input: { cluster, service, desiredCount: desired + 1 } },
  shows: {
    call: { service: "ecs", api: "DescribeServices", input: { cluster, services: [service] } },
    selector: "$.services[0].runningCount",
    value: String(desired + 2),
  },
  meddle: { service: "ecs", api: "UpdateService", input: { cluster, service, desiredCount: desired + 1 } },
  changes: ["ecs:UpdateService"],
});
