import { alarmNames } from "../initial-alarms.ts";
import { between, chance, wholeBetween } from "../random.ts";
import { MINUTE_MS } from "../state.ts";
import { arnsOf } from "../topology.ts";
import { type Fault, numberOf, textOf } from "./fault.ts";

/** Something outside (a network path, a provider) fails for some minutes and comes back by itself. */
export const transientBlip: Fault = {
  id: "transient-blip",
  family: "transient",
  likelihood: 0.2, // 15-25 % of alarms heal alone
  good: [],
  bad: ["ecs-rollback", "lambda-alias-rollback", "rds-reboot", "ecs-scale-out"],
  draw: (topology, stream) => ({
    arn: chance(`${stream}|where`, 0, 0.3) ? arnsOf(topology).worker : arnsOf(topology).front,
    errorRate: between(`${stream}|severity`, 0, 0.1, 0.6),
    minutes: wholeBetween(`${stream}|speed`, 0, 4, 15),
  }),
  healsAloneAfterMinutes: (parameters) => numberOf(parameters, "minutes"),
  start: (world, parameters) => {
    const fromMs = Math.ceil(world.nowMs / MINUTE_MS) * MINUTE_MS;
    world.disturbances.push({
      arn: textOf(parameters, "arn"),
      fromMs,
      toMs: fromMs + numberOf(parameters, "minutes") * MINUTE_MS,
      errorRate: numberOf(parameters, "errorRate"),
      latencyMs: 0,
      message: "connect ECONNRESET",
    });
  },
  isPresent: (world) => world.disturbances.some((one) => world.nowMs < one.toMs),
  heal: () => undefined, // a person can only watch it pass
  alarm: (topology, parameters) =>
    parameters.arn === arnsOf(topology).worker ? alarmNames(topology).workerErrors : alarmNames(topology).targetErrors,
};
