import { between, wholeBetween } from "../random.ts";
import { calleeDraw, usersCallPlace } from "./call-place.ts";
import { disturbedCalls } from "./disturbances.ts";
import { type Fault, textOf } from "./fault.ts";
import { atIfAny, CODE_IN_VAIN } from "./remedy.ts";
import { usersNotice } from "./symptom.ts";

/** Everything that calls a service waits longer than it is willing to, for some minutes. */
export const latencySpike: Fault = {
  id: "latency-spike",
  family: "transient",
  likelihood: 2,
  needs: [],
  draw: (system, stream) => {
    const call = usersCallPlace(system, `${stream}|where`, ["inner", "store", "cache"]);
    return {
      ...calleeDraw(system, call),
      errorRate: 0,
      timeouts: between(`${stream}|severity`, 0, 1, 1.8),
      minutes: wholeBetween(`${stream}|minutes`, 0, 7, 16),
    };
  },
  remedies: (parameters) => atIfAny(parameters, "tasks", CODE_IN_VAIN),
  symptoms: (system, parameters) => [usersNotice(system, textOf(parameters, "entry"), "errors", "up", 1)],
  ...disturbedCalls("socket hang up"),
};
