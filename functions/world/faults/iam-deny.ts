import { between } from "../random.ts";
import { callPlace } from "./call-place.ts";
import { misconfiguredCalls, misconfiguredDraw } from "./configured-calls.ts";
import { type Fault, textOf } from "./fault.ts";
import { atIfAny, CODE_IN_VAIN } from "./remedy.ts";
import { usersNotice } from "./symptom.ts";

/** A policy was tightened: the role of one service may no longer do what it does all day. */
export const iamDeny: Fault = {
  id: "iam-deny",
  family: "auth",
  likelihood: 4,
  needs: [],
  draw: (system, stream) => {
    const call = callPlace(system, `${stream}|where`, ["store", "cache"]);
    return {
      ...misconfiguredDraw(system, call, "from"),
      errorRate: between(`${stream}|severity`, 0, 0.85, 1),
      timeouts: 0,
      minutes: 0,
    };
  },
  remedies: (parameters) => atIfAny(parameters, "tasks", CODE_IN_VAIN),
  symptoms: (system, parameters) => [usersNotice(system, textOf(parameters, "entry"), "errors", "up")],
  ...misconfiguredCalls("AccessDeniedException: not authorized to perform this action"),
};
