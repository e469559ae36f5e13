import { resourcesOf } from "../../functions/world/graph.ts";
import { scenarioWith } from "../../functions/world/scenario.ts";
import { advance, createWorld } from "../../functions/world/world.ts";
import { runbookContract } from "../contract.ts";
import { numberOf } from "../facts.ts";
import { asgScaleOut } from "./runbook.ts";

/** A world without its fault, whose scenario brings a group that serves users. */
const scenario = scenarioWith(7, 3, "unhealthy-instances");
const world = createWorld({ ...scenario, faults: [] });
advance(world, world.clockStartMs + 20 * 60_000);
const [target] = resourcesOf(world, [String(scenario.faults[0]?.parameters.arn)]);
if (target === undefined) throw new Error("this world has no such Auto Scaling group");
const AutoScalingGroupName = target.name;
const desired = numberOf(target, "desiredCapacity") ?? 0;

runbookContract(asgScaleOut, {
  world,
  target: target.arn,
  params: {
    AutoScalingGroupName,
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
