import { wholeBetween } from "../random.ts";
import { isExternalApi } from "../resources/external-api.ts";
import { MINUTE_MS, schedule } from "../state.ts";
import { type Fault, numberOf, stateAt, textOf } from "./fault.ts";
import { providerPlace } from "./provider-place.ts";
import { shows } from "./symptom.ts";

/** Whatever collects the callers' metrics is being updated: nobody hears of a provider for a while, and users are fine. */
export const falseAlarmByMaintenance: Fault = {
  id: "false-alarm-by-maintenance",
  family: "transient",
  likelihood: 2,
  needs: ["external-api"],
  draw: (system, stream) => ({
    arn: providerPlace(system, `${stream}|where`).arn,
    minutes: wholeBetween(`${stream}|minutes`, 0, 16, 70),
  }),
  remedies: () => [],
  course: (parameters) => ({ kind: "heals", afterMinutes: numberOf(parameters, "minutes") }),
  symptoms: (system, parameters) => [shows(system, textOf(parameters, "arn"), ["Latency", "Average"], "silent", 2)],
  start: (world, active) => {
    const provider = stateAt(world, active, "arn", isExternalApi);
    provider.isReporting = false;
    const what = { kind: "resource", arn: provider.arn, what: "reports-again", subject: "" } as const;
    schedule(world, world.nowMs + numberOf(active.parameters, "minutes") * MINUTE_MS, what);
  },
  isPresent: (world, active) => !stateAt(world, active, "arn", isExternalApi).isReporting,
  heal: () => undefined, // there is nothing to repair but the update, which ends by itself
};
