import { DescribeReplicationGroupsCommand, type ReplicationGroup } from "@aws-sdk/client-elasticache";
import { callAws } from "../call.ts";
import { restAfter } from "./arn.ts";
import { eachOf, known, orAbsent } from "./asking.ts";
import { type ResourceKind, type Seen, seen } from "./kind.ts";

const TYPE = "AWS::ElastiCache::ReplicationGroup";
const GONE = ["ReplicationGroupNotFoundFault", "ReplicationGroupNotFound"];

/** Caches. Replicas are counted of a group without cluster mode: where there are several shards, no one node is the last. */
export const replicationGroup: ResourceKind = {
  type: TYPE,
  owns: (arn) => restAfter(arn, "elasticache", "replicationgroup:") !== null,
  attributes: ["status", "replicaCount", "lastReplica", "automaticFailover"],
  optional: ["replicaCount", "lastReplica"],
  unreadable: {},
  read: async ({ elastiCache }, arns) => {
    const found = await eachOf(arns, async (arn) => {
      const ReplicationGroupId = restAfter(arn, "elasticache", "replicationgroup:") ?? "";
      const answer = await orAbsent(GONE, () =>
        callAws("elasticache:DescribeReplicationGroups", ReplicationGroupId, () =>
          elastiCache.send(new DescribeReplicationGroupsCommand({ ReplicationGroupId })),
        ),
      );
      const group = answer?.ReplicationGroups?.[0];
      return group === undefined ? null : seenGroup(arn, group);
    });
    return found.filter((one) => one !== null);
  },
};

const seenGroup = (arn: string, group: ReplicationGroup): Seen => {
  const shards = group.NodeGroups ?? [];
  const members = shards.flatMap(({ NodeGroupMembers = [] }) => NodeGroupMembers);
  const zones = new Set(members.flatMap(({ PreferredAvailabilityZone: zone }) => zone ?? []));
  const nodes = members.flatMap(({ CacheClusterId }) => CacheClusterId ?? []).toSorted();
  const isOneShard = shards.length === 1 && nodes.length > 0;
  return seen({
    ...{ arn, type: TYPE, name: group.ReplicationGroupId ?? "", part: "store" },
    zones: Math.max(1, zones.size),
    attributes: known({
      status: group.Status,
      replicaCount: isOneShard ? nodes.length - 1 : undefined,
      lastReplica: isOneShard ? (nodes.at(-1) ?? null) : undefined,
      automaticFailover: group.AutomaticFailover,
    }),
  });
};
