import type { MetricRef } from "../../core/alarm.ts";
import type { Resource } from "../../core/evidence.ts";
import { standardMetrics } from "../../core/standard-metrics.ts";
import { type Place, resourceBehind } from "../recorded/namespaces.ts";

/** What names a resource in metrics: the dimensions of a standard one of its own. */
type Named = Readonly<{ arn: string; dimensions: readonly (readonly [name: string, value: string])[] }>;

/**
 * The ARN of the known resource that a metric's dimensions name, or null. A metric that narrows a resource down (to a
 * zone, a container, a node) is that resource's, and so is one of another namespace under the same dimensions, such as
 * Container Insights' of an ECS service. Else the ARN is put together as AWS forms it; one that names a whole of which a
 * single part is known, such as a function with one alias, is that part's.
 * @param resources as `standardMetrics` knows their types @param place where the metrics are
 */
export const resourceOfMetric = (
  resources: readonly Resource[],
  place: Place,
): ((metric: MetricRef) => string | null) => {
  const named = resources.flatMap(namesOf);
  return (metric) => {
    const dimensions = ofFirstNode(metric.dimensions);
    const own = named.find((one) => one.dimensions.every(([name, value]) => dimensions[name] === value));
    if (own !== undefined) return own.arn;
    const minted = resourceBehind(metric, place)?.arn;
    if (minted === undefined) return null;
    if (resources.some(({ arn }) => arn === minted)) return minted;
    const [part, ...others] = resources.filter(({ root }) => root === minted);
    return others.length === 0 ? (part?.arn ?? null) : null;
  };
};

const namesOf = (resource: Resource): readonly Named[] => {
  const sets = new Map(standardMetrics(resource).map(({ dimensions }) => [JSON.stringify(dimensions), dimensions]));
  return [...sets.values()]
    .map((dimensions) => ({ arn: resource.arn, dimensions: Object.entries(dimensions) }))
    .filter(({ dimensions }) => dimensions.length > 0 && dimensions.every(([, value]) => value !== ""));
};

/** ElastiCache numbers the nodes of a group from 001; a group's standard metrics are its first node's. */
const ofFirstNode = (dimensions: MetricRef["dimensions"]): MetricRef["dimensions"] => {
  const { CacheClusterId } = dimensions;
  if (CacheClusterId === undefined) return dimensions;
  return { ...dimensions, CacheClusterId: CacheClusterId.replace(/-\d{3}$/, "-001") };
};
