import { between, wholeBetween } from "../random.ts";
import { disturbedResource } from "./disturbances.ts";
import { ecsCaller } from "./ecs-place.ts";
import { type Fault, textOf } from "./fault.ts";
import { providerPlace } from "./provider-place.ts";
import { atIfAny, CODE_IN_VAIN } from "./remedy.ts";
import { shows } from "./symptom.ts";

/** A provider fails for some minutes, and is back before anybody has looked. */
export const providerBlip: Fault = {
  id: "provider-blip",
  family: "transient",
  likelihood: 2,
  needs: ["external-api"],
  draw: (system, stream) => {
    const { arn } = providerPlace(system, `${stream}|where`);
    return {
      arn,
      client: ecsCaller(system, arn),
      errorRate: between(`${stream}|severity`, 0, 0.5, 1),
      latencyMs: 0,
      minutes: wholeBetween(`${stream}|minutes`, 0, 5, 9),
    };
  },
  remedies: (parameters) => atIfAny(parameters, "client", CODE_IN_VAIN),
  symptoms: (system, parameters) => [shows(system, textOf(parameters, "arn"), ["Errors", "Sum"], "up", 1)],
  ...disturbedResource("502 Bad Gateway"),
};
