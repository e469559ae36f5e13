import { between, chance } from "../random.ts";
import { cacheOf, isDistribution } from "../resources/cdn-distribution.ts";
import { isEcsService } from "../resources/ecs-deployments.ts";
import { codeBehind } from "./code-behind.ts";
import { updateService } from "./ecs-place.ts";
import { type Fault, type FaultParameters, numberOf, stateAt, textOf } from "./fault.ts";
import { placeOf } from "./place.ts";
import { shows } from "./symptom.ts";

const FULL_ENOUGH = 0.9;
const MOST_MINUTES = 90; // an origin that turns away two in three still fills a cache in an hour

/**
 * The origin gets requests that its distribution used to answer. Either what was cached is lost, and comes back as far as
 * the origin can answer; or a new cache key tells apart what is the same, and nothing comes back by itself.
 */
export const cdnMissStorm: Fault = {
  id: "cdn-miss-storm",
  family: "cache",
  likelihood: 2,
  needs: ["cdn-distribution"],
  draw: (system, stream) => {
    const entry = placeOf(system, `${stream}|where`, isDistribution).arn;
    const isKey = chance(`${stream}|cause`, 0, 0.5);
    return {
      entry,
      service: codeBehind(system, entry),
      isKey: isKey ? 1 : 0,
      ceiling: isKey ? between(`${stream}|severity`, 0, 0, 0.2) : 1,
    };
  },
  remedies: (parameters) =>
    isNewKey(parameters)
      ? [
          { runbook: "ecs-scale-out", at: "service", does: "eases" },
          { runbook: "cdn-invalidate", at: "entry", does: "nothing" },
        ]
      : [{ runbook: "cdn-invalidate", at: "entry", does: "harms" }],
  course: (parameters) => (isNewKey(parameters) ? { kind: "persists" } : { kind: "heals", afterMinutes: MOST_MINUTES }),
  symptoms: (system, parameters) => [
    shows(system, textOf(parameters, "entry"), ["CacheHitRate", "Average"], "down", 3),
    shows(system, textOf(parameters, "service"), ["CPUUtilization", "Average"], "up", 3),
  ],
  start: (world, active) => {
    const cache = cacheOf(world, stateAt(world, active, "entry", isDistribution));
    cache.fill = 0;
    cache.ceiling = numberOf(active.parameters, "ceiling");
  },
  isPresent: (world, active) => {
    const cache = cacheOf(world, stateAt(world, active, "entry", isDistribution));
    return cache.ceiling < 1 || cache.fill < FULL_ENOUGH;
  },
  heal: (world, active, act) => {
    // The cache policy goes back to what it was, and until it has filled the origin gets the tasks that it needs.
    cacheOf(world, stateAt(world, active, "entry", isDistribution)).ceiling = 1;
    const service = stateAt(world, active, "service", isEcsService);
    act(updateService(service, { desiredCount: service.desiredCount * 2 }));
  },
};

const isNewKey = (parameters: FaultParameters): boolean => numberOf(parameters, "isKey") === 1;
