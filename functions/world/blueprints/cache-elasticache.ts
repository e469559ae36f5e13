import { between, wholeBetween } from "../random.ts";
import type { ElastiCacheGroup } from "../resources/elasticache-state.ts";
import { ACCOUNT, MISS_SHARE, REGION } from "../topology.ts";
import type { Blueprint } from "./blueprint.ts";
import { alarmOn, metricsUnder, sli } from "./metric-plans.ts";

const BUSY_SHARE = 0.3; // of what two nodes serve at the hour at which the clock starts
const FEW_HITS_PERCENT = 80;

/** A replication group with one replica; what it does not hold is asked of the store behind it. */
export const elastiCache: Blueprint = {
  id: "cache-elasticache",
  role: "cache",
  likelihood: 3,
  brings: ["elasticache-group"],
  build: (plan, site) => {
    const name = `${site.system}-${plan.name}`;
    const arn = `arn:aws:elasticache:${REGION}:${ACCOUNT}:replicationgroup:${name}`;
    const group: ElastiCacheGroup = {
      kind: "elasticache-group",
      arn,
      name,
      service: plan.name,
      root: arn,
      logGroup: null,
      uses: [],
      requestsPerNodeSecond: (plan.perSecond * site.hourly) / BUSY_SHARE / 2,
      usualMisses: MISS_SHARE,
      clientConnections: wholeBetween(site.stream("clients"), 0, 60, 400),
      memoryShare: between(site.stream("memory"), 0, 0.45, 0.7),
      replicaCount: 1,
      status: "available",
      warmth: 1,
      halfLifeMinutes: 5,
      evictedShare: 0,
      hotLoad: 0,
    };
    const metric = metricsUnder("AWS/ElastiCache", { CacheClusterId: `${name}-001` });
    const alarm = (suffix: string, told: string, metricName: string, edge: Parameters<typeof alarmOn>[3]) =>
      alarmOn(`${name}-${suffix}`, told, metric(metricName, "Average"), edge, site.stream(`${suffix}-rule`));
    return {
      states: [group],
      edges: [],
      takes: arn,
      calls: arn,
      objectiveMs: null,
      alarms: [
        alarm("hit-rate", `${plan.name} misses more than usual`, "CacheHitRate", { below: FEW_HITS_PERCENT }),
        alarm("engine-cpu", `${plan.name} is busy`, "EngineCPUUtilization", { above: 85 }),
        alarm("memory", `${plan.name} is nearly full`, "DatabaseMemoryUsagePercentage", { above: 90 }),
      ],
      slis: [
        sli("hit rate", "saturation", metric("CacheHitRate", "Average"), { below: FEW_HITS_PERCENT }),
        sli("engine", "saturation", metric("EngineCPUUtilization", "Average"), { above: 85 }),
      ],
    };
  },
};
