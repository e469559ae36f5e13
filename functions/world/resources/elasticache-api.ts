import type { Json } from "../../core/json.ts";
import { between } from "../random.ts";
import { type ApiHandler, type ApiInput, answered, failed, resourcesOfKind, textOf } from "../resource-type.ts";
import { MINUTE_MS, schedule, streamOf, type World } from "../state.ts";
import type { ApiReply } from "../types.ts";
import { type ElastiCacheGroup, isElastiCacheGroup, nodesOf } from "./elasticache-state.ts";

const RESIZE_MS = [6 * MINUTE_MS, 10 * MINUTE_MS] as const; // a new node starts and copies everything
const MOST_REPLICAS = 5; // of a group without cluster mode

const groupNamed = (world: World, input: ApiInput): ElastiCacheGroup | null =>
  resourcesOfKind(world, isElastiCacheGroup).find(({ name }) => name === textOf(input, "ReplicationGroupId")) ?? null;

const missing = (input: ApiInput): ApiReply =>
  failed("ReplicationGroupNotFoundFault", `ReplicationGroup ${textOf(input, "ReplicationGroupId") ?? ""} not found.`);

const show = (state: ElastiCacheGroup): Json => ({
  ReplicationGroupId: state.name,
  ARN: state.arn,
  Status: state.status,
  MemberClusters: [...nodesOf(state)],
  NodeGroups: [
    {
      NodeGroupId: "0001",
      Status: state.status,
      NodeGroupMembers: nodesOf(state).map((CacheClusterId, index) => ({
        CacheClusterId,
        CacheNodeId: "0001",
        CurrentRole: index === 0 ? "primary" : "replica",
      })),
    },
  ],
  AutomaticFailover: "enabled",
  MultiAZ: "enabled",
  ClusterEnabled: false,
});

const describeGroups = (world: World, input: ApiInput): ApiReply => {
  if (input.ReplicationGroupId === undefined)
    return answered({ ReplicationGroups: resourcesOfKind(world, isElastiCacheGroup).map(show) });
  const state = groupNamed(world, input);
  return state === null ? missing(input) : answered({ ReplicationGroups: [show(state)] });
};

type Wanted = (state: ElastiCacheGroup, input: ApiInput) => number | ApiReply;

/** Nodes come and go while the group serves; what is asked is there once the group is available again. */
const resize =
  (wanted: Wanted) =>
  (world: World, input: ApiInput): ApiReply => {
    const state = groupNamed(world, input);
    if (state === null) return missing(input);
    if (input.ApplyImmediately !== true)
      return failed("InvalidParameterValue", "ApplyImmediately=false is not currently supported.");
    if (state.status !== "available")
      return failed("InvalidReplicationGroupState", `Replication group ${state.name} is not available.`);
    const count = wanted(state, input);
    if (typeof count !== "number") return count;
    if (count === state.replicaCount) return failed("NoOperationFault", "The group has that many replicas.");
    if (count < 1 || count > MOST_REPLICAS)
      return failed("InvalidParameterValue", `A group has 1 to ${MOST_REPLICAS} replicas with automatic failover.`);
    const resizeMs = Math.round(between(streamOf(world, state.arn, "resize"), world.nowMs, ...RESIZE_MS));
    state.status = "modifying";
    const what = { kind: "resource", arn: state.arn, what: "resized", subject: String(count) } as const;
    schedule(world, world.nowMs + resizeMs, what);
    return answered({ ReplicationGroup: show(state) });
  };

const more: Wanted = ({ replicaCount }, { NewReplicaCount: count }) =>
  typeof count === "number" && Number.isInteger(count) && count >= replicaCount
    ? count
    : failed("InvalidParameterValue", "NewReplicaCount must be greater than the present number of replicas.");

const fewer: Wanted = (state, { NewReplicaCount: count, ReplicasToRemove: named }) => {
  if (Array.isArray(named)) {
    const known = named.filter((one) => typeof one === "string" && nodesOf(state).slice(1).includes(one));
    return known.length === named.length
      ? state.replicaCount - known.length
      : failed("InvalidParameterValue", "ReplicasToRemove names a node that is no replica of the group.");
  }
  return typeof count === "number" && Number.isInteger(count) && count <= state.replicaCount
    ? count
    : failed("InvalidParameterValue", "NewReplicaCount must be smaller than the present number of replicas.");
};

export const elastiCacheApis: readonly ApiHandler[] = [
  { service: "elasticache", api: "DescribeReplicationGroups", changes: false, answer: describeGroups },
  { service: "elasticache", api: "IncreaseReplicaCount", changes: true, answer: resize(more) },
  { service: "elasticache", api: "DecreaseReplicaCount", changes: true, answer: resize(fewer) },
];
