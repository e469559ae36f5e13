import { resourcesOf } from "../../functions/world/graph.ts";
import { scenarioWith } from "../../functions/world/scenario.ts";
import { advance, createWorld } from "../../functions/world/world.ts";
import { runbookContract } from "../contract.ts";
import { textOf } from "../facts.ts";
import { asgInstanceRefresh } from "./runbook.ts";

/** A world without its fault, whose scenario brings a group that serves users. */
const scenario = scenarioWith(7, 3, "unhealthy-instances");
const world = createWorld({ ...scenario, faults: [] });
advance(world, world.clockStartMs + 20 * 60_000);
const [target] = resourcesOf(world, [String(scenario.faults[0]?.parameters.arn)]);
if (target === undefined) throw new Error("this world has no such Auto Scaling group");
const AutoScalingGroupName = target.name;
const LaunchTemplate = {
  LaunchTemplateId: textOf(target, "launchTemplateId") ?? "",
  Version: textOf(target, "previousLaunchTemplateVersion") ?? "",
};

runbookContract(asgInstanceRefresh, {
  world,
  target: target.arn,
  params: { AutoScalingGroupName, ExpectedVersion: textOf(target, "launchTemplateVersion") ?? "" },
  spoil: { service: "autoscaling", api: "UpdateAutoScalingGroup", input: { AutoScalingGroupName, LaunchTemplate } },
  shows: {
    call: { service: "autoscaling", api: "DescribeInstanceRefreshes", input: { AutoScalingGroupName } },
    selector: "$.InstanceRefreshes[0].Status",
    value: "InProgress",
  },
  changes: ["autoscaling:StartInstanceRefresh"],
});
