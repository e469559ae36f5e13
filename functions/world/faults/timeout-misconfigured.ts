import { between } from "../random.ts";
import { callPlace } from "./call-place.ts";
import { misconfiguredCalls, misconfiguredDraw } from "./configured-calls.ts";
import { type Fault, textOf } from "./fault.ts";
import { atIfAny, CODE_IN_VAIN } from "./remedy.ts";
import { usersNotice } from "./symptom.ts";

/** A service gives up on its calls to another after milliseconds instead of seconds, since somebody changed the limit. */
export const timeoutMisconfigured: Fault = {
  id: "timeout-misconfigured",
  family: "config",
  likelihood: 3,
  needs: [],
  draw: (system, stream) => {
    const call = callPlace(system, `${stream}|where`, ["inner", "store", "cache"]);
    return {
      ...misconfiguredDraw(system, call, "from"),
      errorRate: between(`${stream}|severity`, 0, 0.5, 0.9),
      timeouts: 0,
      minutes: 0,
    };
  },
  remedies: (parameters) => atIfAny(parameters, "tasks", CODE_IN_VAIN),
  symptoms: (system, parameters) => [usersNotice(system, textOf(parameters, "entry"), "errors", "up")],
  ...misconfiguredCalls("context deadline exceeded"),
};
