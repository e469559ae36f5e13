import { flowNow, servedBy } from "../flow.ts";
import { between, wholeBetween } from "../random.ts";
import { isEcsService } from "../resources/ecs-deployments.ts";
import { MINUTE_MS, schedule, type World } from "../state.ts";
import { ecsFront, updateService } from "./ecs-place.ts";
import { type Fault, numberOf, stateAt, textOf } from "./fault.ts";
import { releaseAt } from "./release.ts";
import { shows } from "./symptom.ts";

const COMFORTABLE_UTILISATION = 0.6;
const TIGHT_UTILISATION = 0.9; // beyond it requests queue
/** So many times the usual work is what twice the tasks can do at any hour. */
const WORK_OF_TWICE = 3;

/**
 * A campaign: more visitors for one to three hours, and each costs more, as none of them is known yet. The tasks behind
 * the entry are too few for them; what these call has room.
 */
export const trafficSaturation: Fault = {
  id: "traffic-saturation",
  family: "capacity",
  likelihood: 3,
  needs: ["ecs-front"],
  draw: (system, stream) => {
    const { entry, group, service } = ecsFront(system, `${stream}|where`);
    return {
      ...releaseAt(system, { state: service, entry }),
      group: group.arn,
      factor: between(`${stream}|severity`, 0, 1.4, 1.6),
      workFactor: between(`${stream}|work`, 0, 1.8, 2.6),
      rampMinutes: wholeBetween(`${stream}|speed`, 0, 2, 15),
      minutes: wholeBetween(`${stream}|minutes`, 0, 60, 180),
    };
  },
  remedies: (parameters) => {
    const work = numberOf(parameters, "factor") * numberOf(parameters, "workFactor");
    return [
      { runbook: "ecs-scale-out", at: "arn", does: work < WORK_OF_TWICE ? "heals" : "eases" },
      { runbook: "ecs-rollback", at: "arn", does: "nothing" },
      { runbook: "ecs-force-deployment", at: "arn", does: "nothing" },
    ];
  },
  course: (parameters) => ({ kind: "heals", afterMinutes: numberOf(parameters, "minutes") }),
  symptoms: (system, parameters) => [
    shows(system, textOf(parameters, "group"), ["RequestCount", "Sum"], "up", 25),
    shows(system, textOf(parameters, "arn"), ["CPUUtilization", "Average"], "up", 25),
  ],
  start: (world, active) => {
    const { parameters } = active;
    const service = stateAt(world, active, "arn", isEcsService);
    const toMs = world.nowMs + numberOf(parameters, "minutes") * MINUTE_MS;
    const rampMs = numberOf(parameters, "rampMinutes") * MINUTE_MS;
    const factor = numberOf(parameters, "factor");
    world.surges.push({ arn: textOf(parameters, "entry"), fromMs: world.nowMs, toMs, rampMs, factor });
    service.workFactor = numberOf(parameters, "workFactor");
    schedule(world, toMs, { kind: "resource", arn: service.arn, what: "usual-work", subject: "" });
  },
  isPresent: (world, active) => isTight(world, textOf(active.parameters, "arn")),
  heal: (world, active, act) => {
    const service = stateAt(world, active, "arn", isEcsService);
    const utilisation = servedBy(world, flowNow(world), service.arn)?.utilisation ?? 0;
    const desiredCount = Math.ceil((service.desiredCount * utilisation) / COMFORTABLE_UTILISATION);
    if (desiredCount > service.desiredCount) act(updateService(service, { desiredCount }));
  },
};

/** Whether more is asked of a service than its running tasks can do. */
export const isTight = (world: World, arn: string): boolean =>
  (servedBy(world, flowNow(world), arn)?.utilisation ?? 0) > TIGHT_UTILISATION;
