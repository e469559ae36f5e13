import { between, wholeBetween } from "../random.ts";
import { isApiStage, LONGEST_TTL_MS } from "../resources/api-gateway-stage.ts";
import { MINUTE_MS, schedule } from "../state.ts";
import { codeBehind } from "./code-behind.ts";
import { type Fault, numberOf, stateAt, textOf } from "./fault.ts";
import { placeOf } from "./place.ts";
import { shows } from "./symptom.ts";

/** A stage's cache holds answers that no longer hold: their readers ask for what is gone, until the answers expire. */
export const apiStageCacheStale: Fault = {
  id: "api-stage-cache-stale",
  family: "cache",
  likelihood: 2,
  needs: ["api-stage"],
  draw: (system, stream) => {
    const entry = placeOf(system, `${stream}|where`, isApiStage).arn;
    return {
      entry,
      arn: codeBehind(system, entry),
      share: between(`${stream}|severity`, 0, 0.3, 0.9),
      minutes: wholeBetween(`${stream}|speed`, 0, 35, LONGEST_TTL_MS / MINUTE_MS),
    };
  },
  remedies: () => [
    { runbook: "api-stage-cache-flush", at: "entry", does: "heals" },
    { runbook: "lambda-alias-rollback", at: "arn", does: "nothing" },
  ],
  course: (parameters) => ({ kind: "heals", afterMinutes: numberOf(parameters, "minutes") + 5 }),
  symptoms: (system, parameters) => [shows(system, textOf(parameters, "entry"), ["4XXError", "Sum"], "up", 10)],
  start: (world, active) => {
    const state = stateAt(world, active, "entry", isApiStage);
    state.cache.spoiled = numberOf(active.parameters, "share");
    const endsMs = world.nowMs + numberOf(active.parameters, "minutes") * MINUTE_MS;
    schedule(world, endsMs, { kind: "resource", arn: state.arn, what: "expired", subject: "" });
  },
  isPresent: (world, active) => stateAt(world, active, "entry", isApiStage).cache.spoiled > 0,
  heal: (world, active, act) => {
    const { restApiId, stageName } = stateAt(world, active, "entry", isApiStage);
    act({ service: "apigateway", api: "FlushStageCache", input: { restApiId, stageName } });
  },
};
