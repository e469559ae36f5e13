import { between, pick, wholeBetween } from "../random.ts";
import { disturb, isDisturbed } from "./disturbances.ts";
import { type Fault, numberOf, textOf } from "./fault.ts";
import { usersNotice } from "./symptom.ts";

/** Something outside (a network path, a provider) fails for some minutes and comes back by itself. */
export const transientBlip: Fault = {
  id: "transient-blip",
  family: "transient",
  likelihood: 3,
  needs: [],
  draw: (system, stream) => ({
    entry: pick(
      `${stream}|where`,
      0,
      system.entries.filter(({ meanPerSecond }) => meanPerSecond > 0),
    ).arn,
    errorRate: between(`${stream}|severity`, 0, 0.1, 0.6),
    minutes: wholeBetween(`${stream}|speed`, 0, 6, 15),
  }),
  remedies: () => [],
  course: (parameters) => ({ kind: "heals", afterMinutes: numberOf(parameters, "minutes") }),
  symptoms: (system, parameters) => [usersNotice(system, textOf(parameters, "entry"), "errors", "up", 1)],
  start: (world, { id, parameters }) => {
    const [to, errorRate] = [textOf(parameters, "entry"), numberOf(parameters, "errorRate")];
    const hit = { from: null, to, errorRate, latencyMs: 0, message: "connect ECONNRESET" };
    disturb(world, id, hit, { afterMinutes: 1, minutes: numberOf(parameters, "minutes") });
  },
  isPresent: (world, { id }) => isDisturbed(world, id),
  heal: () => undefined, // a person can only watch it pass
};
