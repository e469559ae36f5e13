import { between } from "../random.ts";
import { isEcsService, NO_HERD } from "../resources/ecs-deployments.ts";
import { ecsFront } from "./ecs-place.ts";
import { type Fault, numberOf, stateAt, textOf } from "./fault.ts";
import { releaseAt } from "./release.ts";
import { shows } from "./symptom.ts";

const NOTICEABLE = 0.3; // of the usual demand: less than this fits into the room that a service has

/**
 * A network path flapped and all clients connect anew at once. They are served one after the other within half an hour;
 * whoever restarts the tasks drops the connections of those who already were.
 */
export const thunderingHerd: Fault = {
  id: "thundering-herd",
  family: "capacity",
  likelihood: 2,
  needs: ["ecs-front"],
  draw: (system, stream) => {
    const { entry, service } = ecsFront(system, `${stream}|where`);
    return {
      ...releaseAt(system, { state: service, entry }),
      size: between(`${stream}|severity`, 0, 2, 3.5),
      halvesInMinutes: between(`${stream}|speed`, 0, 4.5, 7),
    };
  },
  remedies: () => [
    { runbook: "ecs-force-deployment", at: "arn", does: "harms" },
    { runbook: "ecs-rollback", at: "arn", does: "harms" },
    { runbook: "ecs-cluster-capacity", at: "room", does: "nothing" },
  ],
  course: (parameters) => ({
    kind: "heals",
    afterMinutes: Math.ceil(
      numberOf(parameters, "halvesInMinutes") * Math.log2(numberOf(parameters, "size") / NOTICEABLE),
    ),
  }),
  symptoms: (system, parameters) => [shows(system, textOf(parameters, "arn"), ["CPUUtilization", "Average"], "up", 2)],
  start: (world, active) => {
    const size = numberOf(active.parameters, "size");
    const halvesInMinutes = numberOf(active.parameters, "halvesInMinutes");
    stateAt(world, active, "arn", isEcsService).herd = { size, now: size, halvesInMinutes };
  },
  isPresent: (world, active) => stateAt(world, active, "arn", isEcsService).herd.now > NOTICEABLE,
  heal: (world, active) => {
    stateAt(world, active, "arn", isEcsService).herd = NO_HERD; // lets clients back in one by one
  },
};
