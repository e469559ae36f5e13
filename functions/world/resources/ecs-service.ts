import { gaussian } from "../random.ts";
import { gauge, type ResourceBehaviour, resourceType } from "../resource-type.ts";
import { dependencyCost, eitherFails, largestCause, overflow, slowdown } from "../saturation.ts";
import { MINUTE_MS, streamOf } from "../state.ts";
import { ecsApis } from "./ecs-api.ts";
import {
  deploy,
  type EcsService,
  happenToService,
  isDeploying,
  isEcsService,
  laterRevision,
  primaryOf,
  runningCount,
  type TaskDefinition,
} from "./ecs-deployments.ts";

/** What the running mix of task definitions does together. */
const mixOf = (
  service: EcsService,
): Readonly<{ tasks: number; errorRate: number; latencyFactor: number; worst: TaskDefinition | null }> => {
  let tasks = 0;
  let errors = 0;
  let latency = 0;
  let running = 0;
  let worst: TaskDefinition | null = null;
  for (const deployment of service.deployments) {
    const definition = service.taskDefinitions[deployment.taskDefinition];
    if (definition === undefined || deployment.runningCount === 0) continue;
    running += deployment.runningCount;
    tasks += deployment.runningCount * definition.capacityFactor;
    errors += deployment.runningCount * definition.errorRate;
    latency += deployment.runningCount * definition.latencyFactor;
    if (worst === null || definition.errorRate > worst.errorRate) worst = definition;
  }
  return running === 0
    ? { tasks: 0, errorRate: 1, latencyFactor: 1, worst: null }
    : { tasks, errorRate: errors / running, latencyFactor: latency / running, worst };
};

const behaviour: ResourceBehaviour<EcsService> = {
  kind: "ecs-service",
  isOne: isEcsService,
  describe: (state) => ({
    type: "AWS::ECS::Service",
    zones: 3,
    tags: {},
    attributes: {
      cluster: state.cluster,
      desiredCount: state.desiredCount,
      runningCount: runningCount(state),
      taskDefinition: primaryOf(state).taskDefinition,
      previousTaskDefinition: state.previousTaskDefinition,
      minimumHealthyPercent: 100,
      deploymentInProgress: isDeploying(state),
      deployedAtMs: state.deployedAtMs,
    },
  }),
  configuration: (state) => ({
    desiredCount: state.desiredCount,
    taskDefinition: primaryOf(state).taskDefinition,
  }),

  serve: (_world, state, { demand, dependencies }) => {
    const mix = mixOf(state);
    const capacity = mix.tasks * state.requestsPerTaskSecond;
    const utilisation = capacity > 0 ? demand / capacity : demand > 0 ? 10 : 0;
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
        [turnedAway, "worker pool exhausted, request rejected"],
        [mix.errorRate, mix.worst?.message ?? null],
        [cost.errorRate, cost.message],
      ]),
      gauges: {},
    };
  },
  elapse: null,

  samples: (world, state, totals) => {
    const minute = world.nowMs / MINUTE_MS;
    const noise = (purpose: string): number => gaussian(streamOf(world, state.arn, purpose), minute);
    const busy = Math.min(1, totals.utilisation);
    const cpu = Math.max(1, Math.min(100, 3 + 94 * busy + 1.5 * noise("cpu")));
    const memory = Math.max(5, Math.min(100, 42 + 8 * busy + 0.8 * noise("memory")));
    const isRunning = runningCount(state) > 0;
    return {
      namespace: "AWS/ECS",
      dimensions: { ClusterName: state.cluster.slice(state.cluster.lastIndexOf("/") + 1), ServiceName: state.name },
      datapoints: {
        CPUUtilization: gauge(isRunning ? cpu : null),
        MemoryUtilization: gauge(isRunning ? memory : null),
      },
    };
  },
  happen: happenToService,
  release: (world, state, defect) => {
    const from = primaryOf(state).taskDefinition;
    const to = laterRevision(from, 1);
    const current = state.taskDefinitions[from];
    if (current === undefined) throw new Error(`${state.arn}: ${from} runs but is not registered`);
    state.taskDefinitions[to] = { ...current, arn: to, ...defect };
    deploy(world, state, to);
    return { from, to };
  },
  apis: ecsApis,
};

export const ecsService = resourceType(behaviour);
