import { between, chance, wholeBetween } from "../random.ts";
import { calleeDraw, usersCallPlace } from "./call-place.ts";
import { disturbedCalls } from "./disturbances.ts";
import { type Fault, textOf } from "./fault.ts";
import { atIfAny, CODE_IN_VAIN } from "./remedy.ts";
import { usersNotice } from "./symptom.ts";

/** A name no longer resolves, for anybody who calls it: in two cases of three the answer is back within the hour. */
export const dnsFailure: Fault = {
  id: "dns-failure",
  family: "network",
  likelihood: 4,
  needs: [],
  draw: (system, stream) => {
    const call = usersCallPlace(system, `${stream}|where`, ["inner", "store", "cache"]);
    const heals = chance(`${stream}|heals`, 0, 0.65);
    return {
      ...calleeDraw(system, call),
      errorRate: between(`${stream}|severity`, 0, 0.85, 1),
      timeouts: 0,
      minutes: heals ? wholeBetween(`${stream}|minutes`, 0, 8, 60) : 0,
    };
  },
  remedies: (parameters) => atIfAny(parameters, "tasks", CODE_IN_VAIN),
  symptoms: (system, parameters) => [usersNotice(system, textOf(parameters, "entry"), "errors", "up", 1)],
  ...disturbedCalls("getaddrinfo EAI_AGAIN"),
};
