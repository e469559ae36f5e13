import { between, wholeBetween } from "../random.ts";
import { calleeDraw, usersCallPlace } from "./call-place.ts";
import { disturbedCalls } from "./disturbances.ts";
import { type Fault, textOf } from "./fault.ts";
import { atIfAny, CODE_IN_VAIN } from "./remedy.ts";
import { usersNotice } from "./symptom.ts";

/** A path inside a zone loses packets: some calls fail, most are as late as their callers wait. The network is mended in time. */
export const packetLoss: Fault = {
  id: "packet-loss",
  family: "network",
  likelihood: 4,
  needs: [],
  draw: (system, stream) => {
    const call = usersCallPlace(system, `${stream}|where`, ["inner", "store", "cache"]);
    return {
      ...calleeDraw(system, call),
      errorRate: between(`${stream}|severity`, 0, 0.05, 0.2),
      timeouts: between(`${stream}|speed`, 0, 0.95, 1.5),
      minutes: wholeBetween(`${stream}|minutes`, 0, 25, 90),
    };
  },
  remedies: (parameters) => atIfAny(parameters, "tasks", CODE_IN_VAIN),
  symptoms: (system, parameters) => [usersNotice(system, textOf(parameters, "entry"), "errors", "up", 2)],
  ...disturbedCalls("read ETIMEDOUT"),
};
