import { between, wholeBetween } from "../random.ts";
import { isApiStage } from "../resources/api-gateway-stage.ts";
import { MINUTE_MS, schedule } from "../state.ts";
import { type Fault, numberOf, stateAt, textOf } from "./fault.ts";
import { placeOf } from "./place.ts";
import { shows } from "./symptom.ts";

/** A stranger's scanner tries paths that nobody serves: refusals are counted, no user notices, and it goes away. */
export const metricBlip: Fault = {
  id: "metric-blip",
  family: "transient",
  likelihood: 2,
  needs: ["api-stage"],
  draw: (system, stream) => {
    const { arn } = placeOf(system, `${stream}|where`, isApiStage);
    const usual = system.entries.find((entry) => entry.arn === arn)?.meanPerSecond ?? 0;
    return {
      entry: arn,
      perSecond: Math.round(usual * between(`${stream}|severity`, 0, 0.4, 2)),
      minutes: wholeBetween(`${stream}|speed`, 0, 15, 35),
    };
  },
  remedies: () => [{ runbook: "api-stage-cache-flush", at: "entry", does: "nothing" }],
  course: (parameters) => ({ kind: "heals", afterMinutes: numberOf(parameters, "minutes") }),
  symptoms: (system, parameters) => [shows(system, textOf(parameters, "entry"), ["4XXError", "Sum"], "up", 1)],
  start: (world, active) => {
    const state = stateAt(world, active, "entry", isApiStage);
    state.probesPerSecond = numberOf(active.parameters, "perSecond");
    const endsMs = world.nowMs + numberOf(active.parameters, "minutes") * MINUTE_MS;
    schedule(world, endsMs, { kind: "resource", arn: state.arn, what: "probed", subject: "" });
  },
  isPresent: (world, active) => stateAt(world, active, "entry", isApiStage).probesPerSecond > 0,
  heal: (world, active) => {
    stateAt(world, active, "entry", isApiStage).probesPerSecond = 0; // somebody blocks its address
  },
};
