import { between } from "../random.ts";
import { isElastiCacheGroup } from "../resources/elasticache-state.ts";
import { type Fault, numberOf, stateAt, textOf } from "./fault.ts";
import { placeOf } from "./place.ts";
import { shows } from "./symptom.ts";

/** One key that everybody asks for keeps the engine of every node busy; each further copy of it takes its part. */
export const cacheHotKey: Fault = {
  id: "cache-hot-key",
  family: "cache",
  likelihood: 2,
  needs: ["elasticache-group"],
  draw: (system, stream) => ({
    arn: placeOf(system, `${stream}|where`, isElastiCacheGroup).arn,
    hotLoad: between(`${stream}|severity`, 0, 2.7, 3.5),
  }),
  remedies: () => [{ runbook: "cache-add-replica", at: "arn", does: "eases" }],
  course: () => ({ kind: "persists" }),
  symptoms: (system, parameters) => [
    shows(system, textOf(parameters, "arn"), ["EngineCPUUtilization", "Average"], "up"),
  ],
  start: (world, active) => {
    stateAt(world, active, "arn", isElastiCacheGroup).hotLoad = numberOf(active.parameters, "hotLoad");
  },
  isPresent: (world, active) => stateAt(world, active, "arn", isElastiCacheGroup).hotLoad > 0,
  heal: (world, active) => {
    // The services keep the key to themselves for some seconds, by a setting of their own.
    stateAt(world, active, "arn", isElastiCacheGroup).hotLoad = 0;
  },
};
