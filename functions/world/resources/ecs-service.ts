import { type ApiInput, percent, type ResourceBehaviour, resourceType } from "../resource-type.ts";
import { dependencyCost, eitherFails, largestCause, overflow, slowdown } from "../saturation.ts";
import { MINUTE_MS } from "../state.ts";
import type { ApiCall } from "../types.ts";
import { ecsApis } from "./ecs-api.ts";
import {
  definitionOf,
  deploy,
  type EcsService,
  happenToService,
  isDeploying,
  isEcsService,
  laterRevision,
  pendingCount,
  primaryOf,
  runningCount,
} from "./ecs-deployments.ts";
import { capacityInUse } from "./load-balancer-zones.ts";

const GONE = 0.02; // of the usual demand: fewer clients that connect anew are lost in the noise

/** At this share of leaked memory a task begins to collect garbage all the time; at 1 it is killed and starts over. */
const LEAK_HURTS = 0.85;
const LEAK_ERRORS = 0.6; // share of requests that tasks without memory fail, between their restarts
const BASE_MEMORY = 0.45; // of a task's memory that its code and its caches need
const CALM_UTILISATION = 0.85; // below it answers come before clients give up and repeat themselves

type Mix = {
  /** Tasks that are up, those of them that do not hang, and what these are worth. */
  running: number;
  working: number;
  tasks: number;
  errorRate: number;
  latencyFactor: number;
  memory: number;
  message: string | null;
};

/** What the running tasks do together; they share the requests evenly, those that hang included. */
const mixOf = (service: EcsService): Mix => {
  const mix: Mix = { running: 0, working: 0, tasks: 0, errorRate: 0, latencyFactor: 0, memory: 0, message: null };
  let worst = 0;
  for (const deployment of service.deployments) {
    const definition = definitionOf(service, deployment);
    const running = deployment.runningCount * definition.healthyShare;
    if (running === 0) continue;
    const hangs = deployment.stuckCount / deployment.runningCount;
    const leakErrors = LEAK_ERRORS * Math.max(0, (deployment.leaked - LEAK_HURTS) / (1 - LEAK_HURTS));
    const errorRate = eitherFails(eitherFails(definition.errorRate, hangs), leakErrors);
    mix.running += running;
    mix.working += running * (1 - hangs);
    mix.tasks += running * (1 - hangs) * definition.capacityFactor;
    mix.errorRate += running * errorRate;
    mix.latencyFactor += running * definition.latencyFactor;
    mix.memory += running * deployment.leaked;
    if (errorRate <= worst && mix.message !== null) continue;
    worst = errorRate;
    mix.message =
      hangs > definition.errorRate ? HANGS : leakErrors > definition.errorRate ? NO_MEMORY : definition.message;
  }
  if (mix.running === 0) return { ...mix, errorRate: 1, latencyFactor: 1 };
  mix.errorRate /= mix.running;
  mix.latencyFactor /= mix.running;
  mix.memory /= mix.running;
  return mix;
};

const HANGS = "Timed out waiting for lock after 30000 ms";
const NO_MEMORY = "OutOfMemoryError: Java heap space";
const NO_CONNECTION = "Timeout waiting for a connection from the pool";

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
      pendingCount: pendingCount(state),
      failedTasks: primaryOf(state).failedTasks,
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

  serve: (world, state, { demand, dependencies }) => {
    const mix = mixOf(state);
    const capacity = mix.tasks * state.requestsPerTaskSecond * capacityInUse(world, state.targetGroup);
    // What reaches a task that hangs costs no other task anything.
    const working = mix.running > 0 ? mix.working / mix.running : 1;
    const offered = demand * working * state.workFactor * state.amplification * (1 + state.herd.now);
    const utilisation = capacity > 0 ? offered / capacity : offered > 0 ? 10 : 0;
    const turnedAway = capacity > 0 ? overflow(utilisation) : 1;
    const unpooled = state.pooledTasks === null ? 0 : Math.max(0, 1 - state.pooledTasks / Math.max(1, mix.running));
    const cost = dependencyCost(dependencies);
    const own = eitherFails(eitherFails(turnedAway, unpooled), mix.errorRate);
    return {
      demand,
      passed: demand * (1 - own),
      errorRate: eitherFails(own, cost.errorRate),
      latencyMs: state.latencyMs * mix.latencyFactor * slowdown(utilisation) + cost.latencyMs,
      utilisation,
      capacity,
      message: largestCause([
        [turnedAway, "worker pool exhausted, request rejected"],
        [unpooled, NO_CONNECTION],
        [mix.errorRate, mix.message],
        [cost.errorRate, cost.message],
      ]),
      gauges: { hosts: mix.running, working, memory: BASE_MEMORY + (1 - BASE_MEMORY) * mix.memory },
    };
  },
  elapse: (_world, state, { utilisation }, elapsedMs) => {
    let changed = false;
    for (const deployment of state.deployments) {
      const { leakPerMinute } = definitionOf(state, deployment);
      if (leakPerMinute === 0 || deployment.leaked >= 1) continue;
      deployment.leaked = Math.min(1, deployment.leaked + (leakPerMinute * elapsedMs) / MINUTE_MS);
      changed = true;
    }
    if (state.amplification > 1 && utilisation < CALM_UTILISATION) {
      state.amplification = 1;
      changed = true;
    }
    if (state.herd.now > 0) {
      const left = state.herd.now * 0.5 ** (elapsedMs / MINUTE_MS / state.herd.halvesInMinutes);
      state.herd = { ...state.herd, now: left < GONE ? 0 : left };
      changed = true;
    }
    return changed;
  },

  samples: (state, { utilisation, gauges }) => {
    const busy = Math.min(1, utilisation) * (gauges.working ?? 1);
    const isRunning = (gauges.hosts ?? 0) > 0;
    return [
      {
        namespace: "AWS/ECS",
        dimensions: { ClusterName: state.cluster.slice(state.cluster.lastIndexOf("/") + 1), ServiceName: state.name },
        levels: {
          CPUUtilization: percent(isRunning ? 3 + 94 * busy : null),
          MemoryUtilization: percent(isRunning ? 100 * (gauges.memory ?? 0) : null),
        },
      },
    ];
  },
  happen: happenToService,
  release: (world, state, defect) => {
    const from = primaryOf(state).taskDefinition;
    const to = laterRevision(from, 1);
    state.taskDefinitions[to] = { ...definitionOf(state, primaryOf(state)), arn: to, ...defect };
    deploy(world, state, to);
    return { from, to };
  },
  join: null,
  habits: [
    {
      does: "restart",
      call: (_world, { cluster, name }) => updateCall({ cluster, service: name, forceNewDeployment: true }),
    },
    {
      does: "roll-back",
      call: (_world, { cluster, name, previousTaskDefinition: taskDefinition }) =>
        taskDefinition === null ? null : updateCall({ cluster, service: name, taskDefinition }),
    },
    {
      does: "enlarge",
      call: (_world, { cluster, name, desiredCount }) =>
        updateCall({ cluster, service: name, desiredCount: Math.ceil(desiredCount * 1.5) }),
    },
  ],
  apis: ecsApis,
};

const updateCall = (input: ApiInput): ApiCall => ({ service: "ecs", api: "UpdateService", input });

export const ecsService = resourceType(behaviour);
