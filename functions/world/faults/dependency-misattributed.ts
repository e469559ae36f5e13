import { alarmNames } from "../initial-alarms.ts";
import { between, chance } from "../random.ts";
import { releaseCode } from "../releases.ts";
import { arnsOf } from "../topology.ts";
import { type Fault, numberOf, textOf } from "./fault.ts";
import { isReleasePresent, rememberRelease, rollBackService } from "./task-definition.ts";

/** The service behind the front got a bad release; it has no alarm on errors, so only the front's alarm speaks. */
export const dependencyMisattributed: Fault = {
  id: "dependency-misattributed",
  family: "dependency",
  likelihood: 0.164,
  good: ["ecs-rollback"],
  bad: ["ecs-scale-out", "lambda-alias-rollback", "rds-reboot"],
  draw: (topology, stream) => {
    const isSlow = chance(`${stream}|slow`, 0, 0.3);
    return {
      arn: arnsOf(topology).back,
      errorRate: isSlow ? 0.02 : between(`${stream}|severity`, 0, 0.35, 0.95),
      latencyFactor: isSlow ? between(`${stream}|speed`, 0, 50, 120) : 1,
    };
  },
  healsAloneAfterMinutes: () => null,
  start: (world, parameters) => {
    const arn = textOf(parameters, "arn");
    releaseCode(world, arn, {
      errorRate: numberOf(parameters, "errorRate"),
      latencyFactor: numberOf(parameters, "latencyFactor"),
      message: "IllegalStateException: no mapping for field 'tier'",
    });
    rememberRelease(world, arn);
  },
  isPresent: (world, parameters) => isReleasePresent(world, textOf(parameters, "arn")),
  heal: (world, parameters, act) => rollBackService(world, textOf(parameters, "arn"), act),
  alarm: (topology) => alarmNames(topology).targetErrors,
};
