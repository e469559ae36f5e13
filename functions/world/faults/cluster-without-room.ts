import { between, wholeBetween } from "../random.ts";
import { resourcesOfKind } from "../resource-type.ts";
import { isAutoScalingGroup, resize } from "../resources/auto-scaling-fleet.ts";
import { capacityGroupOf } from "../resources/ecs-cluster.ts";
import { isEcsService, placedCount, scale } from "../resources/ecs-deployments.ts";
import { MINUTE_MS, schedule } from "../state.ts";
import { clusterOf, ecsFront } from "./ecs-place.ts";
import { type Fault, numberOf, stateAt, textOf } from "./fault.ts";
import { releaseAt } from "./release.ts";
import { shows } from "./symptom.ts";
import { isTight } from "./traffic-saturation.ts";

/** Times the tasks that ran, which is what the instances were cut down to: the most that its scaling policy wants. */
const MOST_WANTED = 2.5;
const LEAST_ADDED = 4; // instances: others who share a small cluster take a part of the room, in no order

/**
 * Costlier requests for hours, and its scaling policy wants more tasks, but the instances of the cluster were cut down to
 * what ran: the new tasks stay pending until there is room for them.
 */
export const clusterWithoutRoom: Fault = {
  id: "cluster-without-room",
  family: "capacity",
  likelihood: 2,
  needs: ["ecs-front"],
  draw: (system, stream) => {
    const { entry, service } = ecsFront(system, `${stream}|where`);
    return {
      ...releaseAt(system, { state: service, entry }),
      workFactor: between(`${stream}|work`, 0, 2.8, 3.3),
      wantedFactor: between(`${stream}|wanted`, 0, 2.2, MOST_WANTED),
      minutes: wholeBetween(`${stream}|minutes`, 0, 300, 420),
    };
  },
  remedies: () => [
    { runbook: "ecs-cluster-capacity", at: "room", does: "heals" },
    { runbook: "ecs-scale-out", at: "arn", does: "nothing" },
    { runbook: "ecs-force-deployment", at: "arn", does: "nothing" },
  ],
  course: () => ({ kind: "persists" }),
  symptoms: (system, parameters) => [shows(system, textOf(parameters, "arn"), ["CPUUtilization", "Average"], "up")],
  start: (world, active) => {
    const { parameters } = active;
    const service = stateAt(world, active, "arn", isEcsService);
    const cluster = clusterOf(world.system, service);
    const placed = resourcesOfKind(world, isEcsService)
      .filter((one) => one.cluster === cluster.arn)
      .reduce((sum, one) => sum + placedCount(one), 0);
    resize(world, capacityGroupOf(world, cluster), Math.ceil(placed / cluster.tasksPerInstance));
    service.workFactor = numberOf(parameters, "workFactor");
    scale(world, service, Math.ceil(service.desiredCount * numberOf(parameters, "wantedFactor")));
    const endsMs = world.nowMs + numberOf(parameters, "minutes") * MINUTE_MS;
    schedule(world, endsMs, { kind: "resource", arn: service.arn, what: "usual-work", subject: "" });
  },
  isPresent: (world, active) => isTight(world, textOf(active.parameters, "arn")),
  heal: (world, active, act) => {
    const { name, desiredCapacity, maxSize } = stateAt(world, active, "room", isAutoScalingGroup);
    const DesiredCapacity = Math.min(
      maxSize,
      Math.max(desiredCapacity + LEAST_ADDED, Math.ceil(desiredCapacity * MOST_WANTED)),
    );
    act({ service: "autoscaling", api: "SetDesiredCapacity", input: { AutoScalingGroupName: name, DesiredCapacity } });
  },
};
