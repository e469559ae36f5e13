import { resourcesOf } from "../../functions/world/graph.ts";
import { scenarioWith } from "../../functions/world/scenario.ts";
import { advance, createWorld } from "../../functions/world/world.ts";
import { runbookContract } from "../contract.ts";
import { numberOf, textOf } from "../facts.ts";
import { ecsClusterCapacity } from "./runbook.ts";

/** A world without its fault, whose scenario brings a group of container instances. */
const scenario = scenarioWith(7, 3, "cluster-without-room");
const world = createWorld({ ...scenario, faults: [] });
advance(world, world.clockStartMs + 20 * 60_000);
const [target] = resourcesOf(world, [String(scenario.faults[0]?.parameters.room)]);
if (target === undefined) throw new Error("this world has no such Auto Scaling group");
const AutoScalingGroupName = target.name;
const desired = numberOf(target, "desiredCapacity") ?? 0;

runbookContract(ecsClusterCapacity, {
  world,
  target: target.arn,
  params: {
    AutoScalingGroupName,
    Cluster: textOf(target, "ecsCluster") ?? "",
    DesiredCapacity: desired + 2,
    ExpectedDesiredCapacity: desired,
  },
  spoil: {
    service: "autoscaling",
    api: "SetDesiredCapacity",
    input: { AutoScalingGroupName, DesiredCapacity: desired + 1 },
  },
  shows: {
    call: {
      service: "autoscaling",
      api: "DescribeAutoScalingGroups",
      input: { AutoScalingGroupNames: [AutoScalingGroupName] },
    },
    selector: "$.AutoScalingGroups[0].DesiredCapacity",
    value: String(desired + 2),
  },
  meddle: {
    service: "autoscaling",
    api: "SetDesiredCapacity",
    input: { AutoScalingGroupName, DesiredCapacity: desired + 1 },
  },
  changes: ["autoscaling:SetDesiredCapacity"],
});
