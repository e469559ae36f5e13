import type { Context } from "../functions/core/context.ts";
import type { Resource } from "../functions/core/evidence.ts";
import { callees, harmAt, levelsOf, median, numberOf, pointsOf, seriesOf, textOf } from "./facts.ts";

/** A resource whose own numbers say that it is unwell, in words, with the series that says so (none: an attribute). */
export type Strain = Readonly<{ arn: string; because: string; evidence: readonly string[] }>;
type Sign = (context: Context, resource: Resource) => Omit<Strain, "arn"> | null;

/** Above this there is no room for a burst; queueing makes latency grow without bound from here. */
const BUSY_PERCENT = 90;
/** Of a database's maximum: pools refuse new sessions before the last slot is gone. */
const FULL_SHARE = 0.8;

const SIGNS: readonly Sign[] = [
  (_context, resource) => {
    const status = textOf(resource, "status");
    const isUp = status === null || status.toLowerCase() === "available" || status === "ACTIVE";
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
];

const failsMore: Sign = (context, resource) => {
  const harm = harmAt(context, resource.arn);
  return harm === null ? null : { because: `${resource.name} itself fails more`, evidence: [harm.series] };
};

/** The first sign of a cause at one resource: down, thin, busy or full. Failing alone is a symptom. Null where it is well. */
export const strainAt = (context: Context, resource: Resource, signs: readonly Sign[] = SIGNS): Strain | null => {
  for (const sign of signs) {
    const found = sign(context, resource);
    if (found !== null) return { arn: resource.arn, ...found };
  }
  return null;
};

/** The nearest thing that a resource calls and that is unwell by its own numbers: the likelier cause of its trouble. */
export const strainBelow = (context: Context, arn: string): Strain | null => {
  for (const callee of callees(context, arn)) {
    const strain = strainAt(context, callee, [...SIGNS, failsMore]);
    if (strain !== null) return strain;
  }
  return null;
};
