import type { ResourceState } from "../state.ts";

/** A replication group of one shard, cluster mode disabled: a primary and its replicas, all of which answer reads. */
export type ElastiCacheGroup = ResourceState & {
  readonly kind: "elasticache-group";
  readonly requestsPerNodeSecond: number;
  /** Share of requests that miss while it is warm. */
  readonly usualMisses: number;
  readonly clientConnections: number;
  readonly memoryShare: number;
  replicaCount: number;
  status: "available" | "modifying";
  /** How much of what it usually holds is there, 0..1. */
  warmth: number;
  halfLifeMinutes: number;
  /** Share of what it should hold that no longer has room. */
  evictedShare: number;
  /** What one key that everybody asks for adds to the load, as a multiple of all other requests. */
  hotLoad: number;
};

export const isElastiCacheGroup = (resource: ResourceState): resource is ElastiCacheGroup =>
  resource.kind === "elasticache-group";

export const nodeCount = ({ replicaCount }: ElastiCacheGroup): number => 1 + replicaCount;

/** Ids of its nodes, as ElastiCache numbers them. */
export const nodesOf = ({ name, replicaCount }: ElastiCacheGroup): readonly string[] =>
  Array.from({ length: 1 + replicaCount }, (_, index) => `${name}-${String(index + 1).padStart(3, "0")}`);

/** The node that is always there, whose metrics are looked at. */
export const firstNode = ({ name }: ElastiCacheGroup): string => `${name}-001`;
