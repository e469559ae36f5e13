import { percent, type ResourceBehaviour, resourceType } from "../resource-type.ts";
import { dependencyCost, eitherFails, largestCause, overflow, slowdown } from "../saturation.ts";
import { autoScalingApis } from "./auto-scaling-api.ts";
import {
  type AutoScalingGroup,
  happenToGroup,
  inService,
  isAutoScalingGroup,
  refreshUnderWay,
  startRefresh,
} from "./auto-scaling-fleet.ts";
import { placeWaiting } from "./ecs-deployments.ts";
import { capacityInUse } from "./load-balancer-zones.ts";

const SICK_ERRORS = 0.95; // of what a sick instance is asked; its shallow health check is among the rest
const BROKEN_PIPE = "write /var/lib/app/spool: read-only file system";

type Mix = {
  capacity: number;
  running: number;
  well: number;
  errorRate: number;
  latencyFactor: number;
  message: string | null;
};

/** What the instances do together; they share the requests evenly, the sick included. */
const mixOf = (group: AutoScalingGroup): Mix => {
  const mix: Mix = { capacity: 0, running: 0, well: 0, errorRate: 0, latencyFactor: 0, message: null };
  let worst = 0;
  for (const { version, count, sick } of group.fleets) {
    const template = group.templates[version];
    if (template === undefined || count === 0) continue;
    mix.running += count;
    mix.well += count - sick;
    mix.capacity += (count - sick) * template.capacityFactor;
    mix.errorRate += (count - sick) * template.errorRate + sick * SICK_ERRORS;
    mix.latencyFactor += count * template.latencyFactor;
    const share = Math.max(template.errorRate, (sick / count) * SICK_ERRORS);
    if (share <= worst) continue;
    worst = share;
    mix.message = share > template.errorRate ? BROKEN_PIPE : template.message;
  }
  if (mix.running === 0) return { ...mix, errorRate: 1, latencyFactor: 1 };
  mix.errorRate /= mix.running;
  mix.latencyFactor /= mix.running;
  return mix;
};

const behaviour: ResourceBehaviour<AutoScalingGroup> = {
  kind: "auto-scaling-group",
  isOne: isAutoScalingGroup,
  describe: (state) => ({
    type: "AWS::AutoScaling::AutoScalingGroup",
    zones: 3,
    tags: {},
    attributes: {
      autoScalingGroupName: state.name,
      ecsCluster: state.ecsCluster,
      minSize: state.minSize,
      maxSize: state.maxSize,
      desiredCapacity: state.desiredCapacity,
      inServiceInstances: inService(state),
      launchTemplateId: state.launchTemplateId,
      launchTemplateVersion: state.version,
      previousLaunchTemplateVersion: state.previousVersion,
      deploymentInProgress: refreshUnderWay(state) !== null,
      deployedAtMs: state.changedAtMs,
    },
  }),
  configuration: (state) => ({ desiredCapacity: state.desiredCapacity, version: state.version }),

  serve: (world, state, { demand, dependencies }) => {
    const mix = mixOf(state);
    const capacity = mix.capacity * state.requestsPerInstanceSecond * capacityInUse(world, state.targetGroup);
    // What reaches a sick instance costs no other anything.
    const well = mix.running > 0 ? mix.well / mix.running : 1;
    const utilisation = capacity > 0 ? (demand * well) / capacity : demand > 0 ? 10 : 0;
    const turnedAway = capacity > 0 ? overflow(utilisation) : 1;
    const cost = dependencyCost(dependencies);
    const own = eitherFails(turnedAway, mix.errorRate);
    return {
      demand,
      passed: demand * (1 - own),
      errorRate: eitherFails(own, cost.errorRate),
      latencyMs: state.latencyMs * mix.latencyFactor * slowdown(utilisation) + cost.latencyMs,
      utilisation,
      capacity,
      message: largestCause([
        [turnedAway, "no free worker, connection refused"],
        [mix.errorRate, mix.message],
        [cost.errorRate, cost.message],
      ]),
      gauges: { hosts: mix.running, well },
    };
  },
  elapse: null,

  samples: (state, { utilisation, gauges }) => [
    {
      namespace: "AWS/EC2",
      dimensions: { AutoScalingGroupName: state.name },
      levels: {
        CPUUtilization: percent(
          (gauges.hosts ?? 0) > 0 ? 3 + 94 * Math.min(1, utilisation) * (gauges.well ?? 1) : null,
        ),
      },
    },
  ],
  happen: (world, state, what, subject) => {
    happenToGroup(world, state, what, subject);
    if (state.ecsCluster !== null) placeWaiting(world, state.ecsCluster);
  },
  release: (world, state, defect) => {
    const from = state.version;
    const current = state.templates[from];
    if (current === undefined) throw new Error(`${state.arn}: its launch template has no version ${from}`);
    const to = String(Math.max(...Object.keys(state.templates).map(Number)) + 1);
    state.templates[to] = { ...current, version: to, ...defect };
    startRefresh(world, state, to);
    return { from, to };
  },
  // The services of a cluster bring their part of its container instances each.
  join: (one, other) => ({
    ...one,
    desiredCapacity: one.desiredCapacity + other.desiredCapacity,
    maxSize: one.maxSize + other.maxSize,
    fleets: one.fleets.map((fleet, index) => ({ ...fleet, count: fleet.count + (other.fleets[index]?.count ?? 0) })),
  }),
  habits: [
    {
      does: "restart",
      call: (_world, { name, ecsCluster }) =>
        ecsCluster === null
          ? { service: "autoscaling", api: "StartInstanceRefresh", input: { AutoScalingGroupName: name } }
          : null,
    },
    {
      does: "enlarge",
      call: (_world, { name, desiredCapacity, maxSize }) => {
        const DesiredCapacity = Math.min(maxSize, Math.ceil(desiredCapacity * 1.5));
        const input = { AutoScalingGroupName: name, DesiredCapacity };
        return { service: "autoscaling", api: "SetDesiredCapacity", input };
      },
    },
  ],
  apis: autoScalingApis,
};

export const autoScalingGroup = resourceType(behaviour);
