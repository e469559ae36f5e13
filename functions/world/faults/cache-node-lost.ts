import { between } from "../random.ts";
import { isElastiCacheGroup } from "../resources/elasticache-state.ts";
import { type Fault, numberOf, stateAt, textOf } from "./fault.ts";
import { placeOf } from "./place.ts";
import { shows } from "./symptom.ts";

const WARM = 0.95;
const HALF_LIVES_TO_WARM = 4.4; // 0.5 ^ 4.4 < 1 - WARM

/**
 * The nodes of a cache were replaced by empty ones: every request goes on to the store behind it, until the misses have
 * filled it again. That takes half an hour, and nothing makes it faster.
 */
export const cacheNodeLost: Fault = {
  id: "cache-node-lost",
  family: "cache",
  likelihood: 3,
  needs: ["elasticache-group"],
  draw: (system, stream) => ({
    arn: placeOf(system, `${stream}|where`, isElastiCacheGroup).arn,
    halfLifeMinutes: between(`${stream}|speed`, 0, 6, 13),
  }),
  remedies: () => [{ runbook: "cache-add-replica", at: "arn", does: "nothing" }],
  course: (parameters) => ({
    kind: "heals",
    afterMinutes: Math.ceil(numberOf(parameters, "halfLifeMinutes") * HALF_LIVES_TO_WARM),
  }),
  symptoms: (system, parameters) => [shows(system, textOf(parameters, "arn"), ["CacheMisses", "Sum"], "up", 5)],
  start: (world, active) => {
    const state = stateAt(world, active, "arn", isElastiCacheGroup);
    state.warmth = 0;
    state.halfLifeMinutes = numberOf(active.parameters, "halfLifeMinutes");
  },
  isPresent: (world, active) => stateAt(world, active, "arn", isElastiCacheGroup).warmth < WARM,
  heal: (world, active) => {
    // A person who understands it loads what is asked most, by a job of the service's own.
    stateAt(world, active, "arn", isElastiCacheGroup).warmth = 1;
  },
};
