import { between, pick, wholeBetween } from "../random.ts";
import { releaseCode } from "../releases.ts";
import { codeBehind } from "./code-behind.ts";
import { disturb, isDisturbed } from "./disturbances.ts";
import { type Fault, numberOf, textOf } from "./fault.ts";
import { usersNotice } from "./symptom.ts";

/** A sound release cuts off the requests that are under way while it rolls out; with the last task it is over. */
export const deployBlip: Fault = {
  id: "deploy-blip",
  family: "transient",
  likelihood: 2,
  needs: [],
  draw: (system, stream) => {
    const fronts = system.entries.filter(({ meanPerSecond }) => meanPerSecond > 0);
    const released = fronts.filter(({ arn }) => codeBehind(system, arn) !== "");
    const entry = pick(`${stream}|where`, 0, released.length > 0 ? released : fronts).arn;
    return {
      entry,
      arn: codeBehind(system, entry),
      errorRate: between(`${stream}|severity`, 0, 0.08, 0.4),
      minutes: wholeBetween(`${stream}|speed`, 0, 6, 14),
    };
  },
  remedies: () => [],
  course: (parameters) => ({ kind: "heals", afterMinutes: numberOf(parameters, "minutes") + 1 }),
  symptoms: (system, parameters) => [usersNotice(system, textOf(parameters, "entry"), "errors", "up", 1)],
  start: (world, { id, parameters }) => {
    const arn = textOf(parameters, "arn");
    if (arn !== "") releaseCode(world, arn, null);
    const [to, errorRate] = [textOf(parameters, "entry"), numberOf(parameters, "errorRate")];
    const hit = {
      from: null,
      to,
      errorRate,
      latencyMs: 0,
      message: "connection closed before the response was complete",
    };
    disturb(world, id, hit, { afterMinutes: 1, minutes: numberOf(parameters, "minutes") });
  },
  isPresent: (world, { id }) => isDisturbed(world, id),
  heal: () => undefined, // a person can only watch it end
};
