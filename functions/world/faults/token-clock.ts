import { between, wholeBetween } from "../random.ts";
import { callDraw, usersCallPlace } from "./call-place.ts";
import { disturbedCalls } from "./disturbances.ts";
import { type Fault, textOf } from "./fault.ts";
import { atIfAny, CODE_IN_VAIN } from "./remedy.ts";
import { usersNotice } from "./symptom.ts";

/** The clock of a host that issues tokens is ahead: callees refuse them as not yet valid until it is set back by itself. */
export const tokenClock: Fault = {
  id: "token-clock",
  family: "auth",
  likelihood: 2,
  needs: [],
  draw: (system, stream) => {
    const call = usersCallPlace(system, `${stream}|where`, ["inner", "store", "cache"]);
    return {
      ...callDraw(system, call),
      errorRate: between(`${stream}|severity`, 0, 0.6, 0.95),
      timeouts: 0,
      minutes: wholeBetween(`${stream}|minutes`, 0, 10, 40),
    };
  },
  remedies: (parameters) => atIfAny(parameters, "tasks", CODE_IN_VAIN),
  symptoms: (system, parameters) => [usersNotice(system, textOf(parameters, "entry"), "errors", "up", 1)],
  ...disturbedCalls("token is not yet valid"),
};
