import { between } from "../random.ts";
import { isElastiCacheGroup } from "../resources/elasticache-state.ts";
import { type Fault, numberOf, stateAt, textOf } from "./fault.ts";
import { placeOf } from "./place.ts";
import { shows } from "./symptom.ts";

/**
 * Something new fills the cache's memory (entries without an end, larger ones), and what is needed is evicted for it. A
 * replica holds the same again, so one more does nothing: larger nodes or shorter lives do, and no runbook gives those.
 */
export const cacheEvictions: Fault = {
  id: "cache-evictions",
  family: "cache",
  likelihood: 2,
  needs: ["elasticache-group"],
  draw: (system, stream) => ({
    arn: placeOf(system, `${stream}|where`, isElastiCacheGroup).arn,
    evictedShare: between(`${stream}|severity`, 0, 0.35, 0.8),
  }),
  remedies: () => [{ runbook: "cache-add-replica", at: "arn", does: "nothing" }],
  course: () => ({ kind: "persists" }),
  symptoms: (system, parameters) => [
    shows(system, textOf(parameters, "arn"), ["Evictions", "Sum"], "up"),
    shows(system, textOf(parameters, "arn"), ["DatabaseMemoryUsagePercentage", "Average"], "up"),
  ],
  start: (world, active) => {
    stateAt(world, active, "arn", isElastiCacheGroup).evictedShare = numberOf(active.parameters, "evictedShare");
  },
  isPresent: (world, active) => stateAt(world, active, "arn", isElastiCacheGroup).evictedShare > 0,
  heal: (world, active) => {
    // Entries get an end, by a setting of the service's own.
    stateAt(world, active, "arn", isElastiCacheGroup).evictedShare = 0;
  },
};
