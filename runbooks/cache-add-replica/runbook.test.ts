import { runbookContract } from "../contract.ts";
import { healthyWorldFor, resourceOfType } from "../world.fixture.ts";
import { cacheAddReplica } from "./runbook.ts";

const world = healthyWorldFor("cache-hot-key");
const target = resourceOfType(world, "AWS::ElastiCache::ReplicationGroup");
const named = { ReplicationGroupId: target.name };

runbookContract(cacheAddReplica, {
  world,
  target: target.arn,
  params: { ...named, LastReplica: `${target.name}-002` },
  spoil: {
    service: "elasticache",
    api: "IncreaseReplicaCount",
    input: { ...named, NewReplicaCount: 3, ApplyImmediately: true },
  },
  shows: {
    call: { service: "elasticache", api: "DescribeReplicationGroups", input: named },
    selector: "$.ReplicationGroups[0].MemberClusters[2]",
    value: `${target.name}-003`,
  },
  changes: ["elasticache:IncreaseReplicaCount"],
});
