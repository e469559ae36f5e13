import { between } from "../random.ts";
import { cacheOf, isDistribution } from "../resources/cdn-distribution.ts";
import { codeBehind } from "./code-behind.ts";
import { type Fault, numberOf, stateAt, textOf } from "./fault.ts";
import { placeOf } from "./place.ts";
import { usersNotice } from "./symptom.ts";

/** For some minutes the origin answered errors that may be kept for a day: it is well again, its errors are still served. */
export const cdnCachedErrors: Fault = {
  id: "cdn-cached-errors",
  family: "cache",
  likelihood: 3,
  needs: ["cdn-distribution"],
  draw: (system, stream) => {
    const entry = placeOf(system, `${stream}|where`, isDistribution).arn;
    return {
      entry,
      service: codeBehind(system, entry),
      share: between(`${stream}|severity`, 0, 0.15, 0.6),
    };
  },
  remedies: () => [
    { runbook: "cdn-invalidate", at: "entry", does: "heals" },
    { runbook: "ecs-rollback", at: "service", does: "nothing" },
  ],
  course: () => ({ kind: "persists" }),
  symptoms: (system, parameters) => [usersNotice(system, textOf(parameters, "entry"), "errors", "up")],
  start: (world, active) => {
    const share = numberOf(active.parameters, "share");
    cacheOf(world, stateAt(world, active, "entry", isDistribution)).spoiled = share;
  },
  isPresent: (world, active) => cacheOf(world, stateAt(world, active, "entry", isDistribution)).spoiled > 0,
  heal: (world, active, act) => {
    const { distributionId } = stateAt(world, active, "entry", isDistribution);
    const InvalidationBatch = { Paths: { Quantity: 1, Items: ["/*"] }, CallerReference: `by-hand-${world.nowMs}` };
    act({
      service: "cloudfront",
      api: "CreateInvalidation",
      input: { DistributionId: distributionId, InvalidationBatch },
    });
  },
};
