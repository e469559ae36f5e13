import { between } from "../random.ts";
import { callPlace } from "./call-place.ts";
import { misconfiguredCalls, misconfiguredDraw } from "./configured-calls.ts";
import { type Fault, textOf } from "./fault.ts";
import { atIfAny, CODE_IN_VAIN } from "./remedy.ts";
import { usersNotice } from "./symptom.ts";

/** A security group no longer lets one service in: its packets are dropped, so every attempt waits for its timeout. */
export const securityGroupBlocked: Fault = {
  id: "security-group-blocked",
  family: "network",
  likelihood: 3,
  needs: [],
  draw: (system, stream) => {
    const call = callPlace(system, `${stream}|where`, ["store", "cache"]);
    return {
      ...misconfiguredDraw(system, call, "to"),
      errorRate: between(`${stream}|severity`, 0, 0.97, 1),
      timeouts: between(`${stream}|wait`, 0, 1, 1.2),
      minutes: 0,
    };
  },
  remedies: (parameters) => atIfAny(parameters, "tasks", CODE_IN_VAIN),
  symptoms: (system, parameters) => [usersNotice(system, textOf(parameters, "entry"), "errors", "up")],
  ...misconfiguredCalls("connect ETIMEDOUT"),
};
