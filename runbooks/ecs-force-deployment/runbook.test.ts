import { runbookContract } from "../contract.ts";
import { arnParts, textOf } from "../facts.ts";
import { healthyWorld, resourceOfType } from "../world.fixture.ts";
import { ecsForceDeployment } from "./runbook.ts";

const world = healthyWorld();
const target = resourceOfType(world, "AWS::ECS::Service");
const [, cluster = "", service = ""] = arnParts(target.arn);
const previous = textOf(target, "previousTaskDefinition") ?? "";

runbookContract(ecsForceDeployment, {
  world,
  target: target.arn,
  params: { Cluster: cluster, Service: service, ExpectedTaskDefinition: textOf(target, "taskDefinition") ?? "" },
  spoil: { service: "ecs", api: "UpdateService", input: { cluster, service, taskDefinition: previous } },
  shows: {
    call: { service: "ecs", api: "DescribeServices", input: { cluster, services: [service] } },
    selector: "$.services[0].deployments[0].rolloutState",
    value: "IN_PROGRESS",
  },
  changes: ["ecs:UpdateService"],
});
