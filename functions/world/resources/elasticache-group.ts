import {
  count,
  type Inflow,
  percent,
  type ResourceBehaviour,
  resourceType,
  type Samples,
  sparse,
  whole,
} from "../resource-type.ts";
import { eitherFails, largestCause, overflow, slowdown } from "../saturation.ts";
import { MINUTE_MS, record, type Served, type World } from "../state.ts";
import { elastiCacheApis } from "./elasticache-api.ts";
import { type ElastiCacheGroup, firstNode, isElastiCacheGroup, nodeCount, nodesOf } from "./elasticache-state.ts";

const LATENCY_MS = 0.8;
const LOST_MS = 2; // a refused connection costs a client little
const OVERLOADED = "ReplyError: LOADING or timeout while waiting for the reply of the cache";

/** Share of the requests that find nothing: those that always miss, and of the others what is not there any more. */
export const missShare = (state: ElastiCacheGroup): number =>
  state.usualMisses + (1 - state.usualMisses) * Math.max(1 - state.warmth, state.evictedShare);

/**
 * What the misses cost, seen by everybody who asks: a client that misses asks the store behind the cache, which is drawn
 * as the cache passing it on. The calls are those of a warm cache, so a cold one makes so many times more of them.
 */
const missCost = ({ dependencies }: Inflow, times: number) => {
  let errorRate = 0;
  let latencyMs = 0;
  let message: string | null = null;
  for (const view of dependencies) {
    const calls = view.edge.callsPerRequest * times;
    errorRate = eitherFails(errorRate, 1 - (1 - view.errorRate) ** calls);
    latencyMs += view.latencyMs * calls;
    message = view.message ?? view.served.message;
  }
  return { errorRate, latencyMs, message };
};

const serve = (_world: World, state: ElastiCacheGroup, inflow: Inflow): Served => {
  const { demand } = inflow;
  const misses = missShare(state);
  const nodes = nodeCount(state);
  // Reads go to all nodes alike: each has a copy of every key, the hot one too.
  const load = (demand * (1 + state.hotLoad)) / nodes / state.requestsPerNodeSecond;
  const turnedAway = overflow(load);
  const times = misses / state.usualMisses;
  const cost = missCost(inflow, times);
  return {
    demand,
    passed: demand * times,
    errorRate: eitherFails(eitherFails(turnedAway, cost.errorRate), 0.00001),
    latencyMs: LATENCY_MS * slowdown(load) + (1 - state.warmth) * LOST_MS + cost.latencyMs,
    utilisation: load,
    capacity: nodes * state.requestsPerNodeSecond,
    message: largestCause([
      [turnedAway, OVERLOADED],
      [cost.errorRate, cost.message],
    ]),
    gauges: {
      hits: (demand * (1 - misses + state.hotLoad)) / nodes,
      misses: (demand * misses) / nodes,
      connections: state.clientConnections * (1 + Math.max(0, load - 1)),
      memory: state.evictedShare > 0 ? 100 : 100 * state.memoryShare * (0.15 + 0.85 * state.warmth),
      evictions: (demand * state.evictedShare) / nodes,
    },
  };
};

const behaviour: ResourceBehaviour<ElastiCacheGroup> = {
  kind: "elasticache-group",
  isOne: isElastiCacheGroup,
  describe: (state) => ({
    type: "AWS::ElastiCache::ReplicationGroup",
    zones: 2,
    tags: {},
    attributes: {
      status: state.status,
      replicaCount: state.replicaCount,
      lastReplica: nodesOf(state).at(-1) ?? null,
      automaticFailover: "enabled",
    },
  }),
  configuration: (state) => ({ replicaCount: state.replicaCount }),
  serve,
  elapse: (_world, state, _served, elapsedMs) => {
    if (state.warmth >= 1) return false;
    // Every miss that is answered fills its place: half of what is missing comes back in one half-life.
    const left = (1 - state.warmth) * 0.5 ** (elapsedMs / MINUTE_MS / state.halfLifeMinutes);
    state.warmth = left < 0.005 ? 1 : 1 - left;
    return true;
  },
  samples: (state, { utilisation, gauges }) => {
    const { hits = 0, misses = 0, connections = 0, memory = 0, evictions = 0 } = gauges;
    const asked = hits + misses;
    const one: Samples = {
      namespace: "AWS/ElastiCache",
      dimensions: { CacheClusterId: firstNode(state) },
      levels: {
        CacheHits: count(hits * 60),
        CacheMisses: count(misses * 60),
        CacheHitRate: percent(asked > 0 ? (100 * hits) / asked : null, 0.005),
        EngineCPUUtilization: percent(Math.min(100, 2 + 96 * utilisation), 0.03),
        Evictions: sparse(evictions * 60),
        CurrConnections: whole(connections, 0.03),
        DatabaseMemoryUsagePercentage: percent(memory, 0.005),
      },
    };
    return [one];
  },
  happen: (world, state, _what, subject) => {
    state.replicaCount = Number(subject);
    state.status = "available";
    record(world, "cache-resized", { arn: state.arn, replicaCount: state.replicaCount });
  },
  release: null,
  join: null,
  habits: [
    {
      does: "enlarge",
      call: (_world, { name, replicaCount }) => ({
        service: "elasticache",
        api: "IncreaseReplicaCount",
        input: { ReplicationGroupId: name, NewReplicaCount: replicaCount + 1, ApplyImmediately: true },
      }),
    },
  ],
  apis: elastiCacheApis,
};

export const elastiCacheGroup = resourceType(behaviour);
