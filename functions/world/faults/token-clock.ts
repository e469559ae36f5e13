import { between, wholeBetween } from "../random.ts";
import { disturbedCalls } from "./disturbances.ts";
import { atIfAny, CODE_IN_VAIN, ecsAt, usersCallPlace } from "./edge-places.ts";
import { type Fault, textOf } from "./fault.ts";
import { entryAbove } from "./place.ts";
import { usersNotice } from "./symptom.ts";

/** The clock of a host that issues tokens is ahead: callees refuse them as not yet valid until it is set back by itself. */
export const tokenClock: Fault = {
  id: "token-clock",
  family: "auth",
  likelihood: 2,
  needs: [],
  draw: (system, stream) => {
    const { from, to } = usersCallPlace(system, `${stream}|where`, ["inner", "store", "cache"]);
    return {
      from,
      to,
      tasks: ecsAt(system, from)?.arn ?? "",
      entry: entryAbove(system, from),
      errorRate: between(`${stream}|severity`, 0, 0.6, 0.95),
      timeouts: 0,
      minutes: wholeBetween(`${stream}|minutes`, 0, 10, 40),
    };
  },
  remedies: (parameters) => atIfAny(parameters, "tasks", CODE_IN_VAIN),
  symptoms: (system, parameters) => [usersNotice(system, textOf(parameters, "entry"), "errors", "up", 1)],
  ...disturbedCalls("token is not yet valid"),
};
