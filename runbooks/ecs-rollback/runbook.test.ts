import { runbookContract } from "../contract.ts";
import { arnParts, textOf } from "../facts.ts";
import { healthyWorld, resourceOfType } from "../world.fixture.ts";
import { ecsRollback } from "./runbook.ts";

const world = healthyWorld();
const target = resourceOfType(world, "AWS::ECS::Service");
const [, cluster = "", service = ""] = arnParts(target.arn);
const running = textOf(target, "taskDefinition") ?? "";
const previous = textOf(target, "previousTaskDefinition") ?? "";

runbookContract(ecsRollback, {
  world,
  target: target.arn,
  params: { Cluster: cluster, Service: service, TaskDefinition: previous, ExpectedTaskDefinition: running },
  spoil: { service: "ecs", api: "UpdateService", input: { cluster, service, taskDefinition: previous } },
  shows: {
    call: { service: "ecs", api: "DescribeServices", input: { cluster, services: [service] } },
    selector: "$.services[0].taskDefinition",
    value: previous,
  },
  changes: ["ecs:UpdateService"],
});
