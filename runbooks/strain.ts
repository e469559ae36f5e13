import type { Context } from "../functions/core/context.ts";
import type { Resource } from "../functions/core/evidence.ts";
import { remembered } from "../functions/core/remembered.ts";
import { callees, harmAt, levelsOf, median, numberOf, pointsOf, seriesOf, textOf } from "./facts.ts";

/** A resource whose own numbers say that it is unwell, in words, with the series that says so (none: an attribute). */
export type Strain = Readonly<{ arn: string; because: string; evidence: readonly string[] }>;
type Sign = (context: Context, resource: Resource) => Omit<Strain, "arn"> | null;

/** Above this there is no room for a burst; queueing makes latency grow without bound from here. */
const BUSY_PERCENT = 90;
/** Of a database's maximum: pools refuse new sessions before the last slot is gone. */
const FULL_SHARE = 0.8;

/** States in which AWS's own services say that a resource serves, lower-case. */
const UP = ["available", "active", "modifying", "storage-optimization"];

/** What stores and caches never show while they are well: at least so much, and three times what is usual. */
const STORE_LIMITS = [
  { metric: "ReadThrottleEvents", least: 20, told: "throttles reads" },
  { metric: "WriteLatency", least: 0.01, told: "waits for its disk" },
  { metric: "ReplicaLag", least: 60, told: "is behind its primary" },
  { metric: "CacheMisses", least: 100, told: "misses more than usual" },
  { metric: "Evictions", least: 100, told: "evicts what is needed" },
] as const;

const SIGNS: readonly Sign[] = [
  (_context, resource) => {
    const status = textOf(resource, "status");
    const isUp = status === null || UP.includes(status.toLowerCase());
    return isUp ? null : { because: `${resource.name} is ${status}`, evidence: [] };
  },
  (_context, resource) => {
    const running = numberOf(resource, "runningCount");
    const desired = numberOf(resource, "desiredCount");
    const isThin = running !== null && desired !== null && running < desired / 2;
    return isThin ? { because: `${resource.name} runs ${running} of ${desired} tasks`, evidence: [] } : null;
  },
  (context, resource) => {
    const series = seriesOf(context, resource.arn, "CPUUtilization");
    const levels = levelsOf(context, pointsOf(series, "left-out"));
    const isBusy = series !== null && levels !== null && levels.now >= BUSY_PERCENT;
    return isBusy ? { because: `${resource.name} is at ${Math.round(levels.now)} % CPU`, evidence: [series.id] } : null;
  },
  (context, resource) => {
    const most = numberOf(resource, "maxConnections");
    const series = seriesOf(context, resource.arn, "DatabaseConnections");
    const now = median(
      pointsOf(series, "left-out")
        .slice(-3)
        .map(({ value }) => value),
    );
    const isFull = series !== null && most !== null && now >= FULL_SHARE * most;
    return isFull ? { because: `${resource.name} has ${now} of ${most} connections`, evidence: [series.id] } : null;
  },
  ...STORE_LIMITS.map(
    ({ metric, least, told }): Sign =>
      (context, resource) => {
        const series = seriesOf(context, resource.arn, metric);
        const levels = series === null ? null : levelsOf(context, pointsOf(series, "zero"));
        if (series === null || levels === null || levels.now < least || levels.now < 3 * levels.before) return null;
        return { because: `${resource.name} ${told}`, evidence: [series.id] };
      },
  ),
];

const failsMore: Sign = (context, resource) => {
  const harm = harmAt(context, resource.arn);
  return harm === null ? null : { because: `${resource.name} itself fails more`, evidence: [harm.series] };
};

const signAt = (context: Context, resource: Resource, signs: readonly Sign[]): Strain | null => {
  for (const sign of signs) {
    const found = sign(context, resource);
    if (found !== null) return { arn: resource.arn, ...found };
  }
  return null;
};

/** The first sign of a cause at one resource: down, thin, busy or full. Failing alone is a symptom. Null where it is well. */
export const strainAt: (context: Context, resource: Resource) => Strain | null = remembered((context, resource) =>
  signAt(context, resource, SIGNS),
);

/** The nearest thing that a resource calls and that is unwell by its own numbers: the likelier cause of its trouble. */
export const strainBelow: (context: Context, arn: string) => Strain | null = remembered((context, arn) => {
  for (const callee of callees(context, arn)) {
    const strain = strainAt(context, callee) ?? signAt(context, callee, [failsMore]);
    if (strain !== null) return strain;
  }
  return null;
});
