import { flowAt } from "../flow.ts";
import { alarmNames } from "../initial-alarms.ts";
import { between, wholeBetween } from "../random.ts";
import { isEcsService } from "../resources/ecs-deployments.ts";
import { MINUTE_MS } from "../state.ts";
import { arnsOf } from "../topology.ts";
import { type Fault, numberOf, textOf } from "./fault.ts";

const COMFORTABLE_UTILISATION = 0.6;

/** Two to three times the usual visitors for one to three hours: the front service has too few tasks for them. */
export const trafficSaturation: Fault = {
  id: "traffic-saturation",
  family: "infrastructure",
  likelihood: 0.158,
  good: ["ecs-scale-out"],
  bad: ["ecs-rollback", "rds-reboot"],
  draw: (topology, stream) => ({
    entry: arnsOf(topology).balancer,
    arn: arnsOf(topology).front,
    factor: between(`${stream}|severity`, 0, 2.3, 3),
    rampMinutes: wholeBetween(`${stream}|speed`, 0, 2, 15),
    minutes: wholeBetween(`${stream}|minutes`, 0, 60, 180),
  }),
  healsAloneAfterMinutes: (parameters) => numberOf(parameters, "minutes"),
  start: (world, parameters) => {
    world.surges.push({
      arn: textOf(parameters, "entry"),
      fromMs: world.nowMs,
      toMs: world.nowMs + numberOf(parameters, "minutes") * MINUTE_MS,
      rampMs: numberOf(parameters, "rampMinutes") * MINUTE_MS,
      factor: numberOf(parameters, "factor"),
    });
  },
  isPresent: (world) => world.surges.some((surge) => surge.fromMs <= world.nowMs && world.nowMs < surge.toMs),
  heal: (world, parameters, act) => {
    const arn = textOf(parameters, "arn");
    const state = world.resources[arn];
    const utilisation = flowAt(world, world.nowMs)[arn]?.utilisation ?? 0;
    if (state === undefined || !isEcsService(state) || utilisation <= COMFORTABLE_UTILISATION) return;
    const desiredCount = Math.ceil((state.desiredCount * utilisation) / COMFORTABLE_UTILISATION);
    act({
      service: "ecs",
      api: "UpdateService",
      input: { cluster: state.cluster, service: state.name, desiredCount },
    });
  },
  alarm: (topology) => alarmNames(topology).targetErrors,
};
