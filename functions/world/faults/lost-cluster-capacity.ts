import { between } from "../random.ts";
import { resourcesOfKind } from "../resource-type.ts";
import { inService, isAutoScalingGroup, resize } from "../resources/auto-scaling-fleet.ts";
import { roomOf } from "../resources/ecs-cluster.ts";
import { isEcsService, loseTasks, placedCount } from "../resources/ecs-deployments.ts";
import { clusterOf, ecsFront } from "./ecs-place.ts";
import { type Fault, numberOf, stateAt, textOf } from "./fault.ts";
import { releaseAt } from "./release.ts";
import { usersNotice } from "./symptom.ts";

/** Share of the tasks wanted for which there must be room: a usual hour's work takes the half of them, with some to spare. */
const ENOUGH_ROOM = 0.6;
/** Times the instances that are left, which is a third of the tasks: room for twice the tasks, whoever else wants some. */
const GROWTH = 6;

/** A scheduled action meant for the night took most container instances of a cluster away, and their tasks with them. */
export const lostClusterCapacity: Fault = {
  id: "lost-cluster-capacity",
  family: "infrastructure",
  likelihood: 2,
  needs: ["ecs-front"],
  draw: (system, stream) => {
    const { entry, service } = ecsFront(system, `${stream}|where`);
    return {
      ...releaseAt(system, { state: service, entry }),
      cluster: clusterOf(system, service).arn,
      leftShare: between(`${stream}|severity`, 0, 0.334, 0.37),
    };
  },
  remedies: () => [
    { runbook: "ecs-cluster-capacity", at: "room", does: "heals" },
    { runbook: "ecs-scale-out", at: "arn", does: "nothing" },
  ],
  course: () => ({ kind: "persists" }),
  symptoms: (system, parameters) => [usersNotice(system, textOf(parameters, "entry"), "errors", "up")],
  start: (world, active) => {
    const { parameters } = active;
    const instances = stateAt(world, active, "room", isAutoScalingGroup);
    const cluster = textOf(parameters, "cluster");
    const services = resourcesOfKind(world, isEcsService).filter((one) => one.cluster === cluster);
    const tasks = services.reduce((sum, one) => sum + placedCount(one), 0);
    const tasksPerInstance = roomOf(world, cluster) / inService(instances);
    resize(world, instances, Math.ceil((tasks * numberOf(parameters, "leftShare")) / tasksPerInstance));
    const share = roomOf(world, cluster) / tasks;
    for (const service of services) loseTasks(world, service, Math.ceil(placedCount(service) * (1 - share)));
  },
  isPresent: (world, active) => {
    const cluster = textOf(active.parameters, "cluster");
    const services = resourcesOfKind(world, isEcsService).filter((one) => one.cluster === cluster);
    return roomOf(world, cluster) < ENOUGH_ROOM * services.reduce((sum, one) => sum + one.desiredCount, 0);
  },
  heal: (world, active, act) => {
    const { name, desiredCapacity, maxSize } = stateAt(world, active, "room", isAutoScalingGroup);
    const input = { AutoScalingGroupName: name, DesiredCapacity: Math.min(maxSize, desiredCapacity * GROWTH) };
    act({ service: "autoscaling", api: "SetDesiredCapacity", input });
  },
};
