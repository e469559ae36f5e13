import {
  DescribeReplicationGroupsCommand,
  ElastiCacheClient,
  type ReplicationGroup,
} from "@aws-sdk/client-elasticache";
import { callAws } from "../call.ts";
import { eachOf, known, orAbsent } from "./asking.ts";
import { type ResourceReader, type Seen, seen } from "./kind.ts";
import { replicationGroup } from "./shapes.ts";

const GONE = ["ReplicationGroupNotFoundFault", "ReplicationGroupNotFound"];

/** Caches. Replicas are counted of a group without cluster mode: where there are several shards, no one node is the last. */
export const reader: ResourceReader = {
  attributes: ["status", "replicaCount", "lastReplica", "automaticFailover"],
  optional: ["replicaCount", "lastReplica"],
  unreadable: {},
  read: async (clientOf, arns) => {
    const elastiCache = clientOf(ElastiCacheClient);
    const found = await eachOf(arns, async (arn) => {
      const ReplicationGroupId = replicationGroup.nameIn(arn) ?? "";
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
    ...{ arn, type: replicationGroup.type, name: group.ReplicationGroupId ?? "", part: "store" },
    zones: Math.max(1, zones.size),
    attributes: known({
      status: group.Status,
      replicaCount: isOneShard ? nodes.length - 1 : undefined,
      lastReplica: isOneShard ? (nodes.at(-1) ?? null) : undefined,
      automaticFailover: group.AutomaticFailover,
    }),
  });
};
