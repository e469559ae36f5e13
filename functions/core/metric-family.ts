import type { MetricRef } from "./alarm.ts";

/**
 * What a metric tells of, by the name that AWS gave it. `floor` is the smallest change worth noticing, in the metric's
 * own unit; `absent` says what a period without data means: CloudWatch writes no zeros for counts of rare things.
 * A new metric is a word here; one that is not listed speaks for no family.
 */
const TABLE = [
  {
    family: "errors",
    floor: 1,
    absent: "zero",
    names: ["HTTPCode_Target_5XX_Count", "HTTPCode_ELB_5XX_Count", "Errors", "5XXError", "5xxErrorRate"],
  },
  { family: "rejections", floor: 1, absent: "zero", names: ["4XXError", "HTTPCode_Target_4XX_Count", "4xxErrorRate"] },
  {
    family: "latency",
    floor: 0.005,
    absent: "unknown",
    names: ["TargetResponseTime", "Duration", "Latency", "OriginLatency", "QueryDatabaseResponseLatency"],
  },
  {
    family: "traffic",
    floor: 1,
    absent: "unknown",
    names: ["RequestCount", "Invocations", "Count", "Requests", "NumberOfMessagesSent"],
  },
  { family: "cpu", floor: 1, absent: "unknown", names: ["CPUUtilization", "EngineCPUUtilization"] },
  { family: "memory", floor: 1, absent: "unknown", names: ["MemoryUtilization", "DatabaseMemoryUsagePercentage"] },
  {
    family: "connections",
    floor: 2,
    absent: "unknown",
    names: ["DatabaseConnections", "ClientConnections", "ClientConnectionsReceived"],
  },
  { family: "borrowing", floor: 1, absent: "unknown", names: ["DatabaseConnectionsBorrowLatency"] },
  {
    family: "backlog",
    floor: 5,
    absent: "unknown",
    names: ["ApproximateAgeOfOldestMessage", "ApproximateNumberOfMessagesVisible"],
  },
  { family: "throttles", floor: 1, absent: "zero", names: ["Throttles", "ReadThrottleEvents", "WriteThrottleEvents"] },
  { family: "hosts", floor: 0.2, absent: "unknown", names: ["HealthyHostCount"] },
  { family: "storage", floor: 2 ** 20, absent: "unknown", names: ["FreeStorageSpace"] },
  { family: "lag", floor: 1, absent: "unknown", names: ["ReplicaLag"] },
  { family: "hits", floor: 1, absent: "unknown", names: ["CacheHits", "CacheHitCount", "CacheHitRate"] },
  { family: "misses", floor: 5, absent: "unknown", names: ["CacheMisses"] },
  { family: "evictions", floor: 5, absent: "zero", names: ["Evictions"] },
  { family: "disk", floor: 0.0005, absent: "unknown", names: ["ReadLatency", "WriteLatency"] },
  {
    family: "work",
    floor: 1,
    absent: "unknown",
    names: ["WriteIOPS", "ReadIOPS", "ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits"],
  },
  {
    family: "concurrency",
    floor: 1,
    absent: "unknown",
    names: ["ConcurrentExecutions", "UnreservedConcurrentExecutions"],
  },
] as const;

export type MetricFamily = (typeof TABLE)[number]["family"];
export type FamilyTraits = Readonly<{ family: MetricFamily; floor: number; absent: "zero" | "unknown" }>;

export const METRIC_FAMILIES: readonly MetricFamily[] = TABLE.map(({ family }) => family);

const BY_NAME: ReadonlyMap<string, FamilyTraits> = new Map(
  TABLE.flatMap((traits) => traits.names.map((name) => [name, traits] as const)),
);

/** The family of a metric, or null where its name is none of AWS's that are listed. */
export const familyOf = ({ metricName }: Pick<MetricRef, "metricName">): FamilyTraits | null =>
  BY_NAME.get(metricName) ?? null;
