import { alarmNames } from "../initial-alarms.ts";
import { between, chance } from "../random.ts";
import { arnsOf } from "../topology.ts";
import type { Fault } from "./fault.ts";
import { badRelease } from "./task-definition.ts";

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
  ...badRelease("IllegalStateException: no mapping for field 'tier'"),
  alarm: (topology) => alarmNames(topology).targetErrors,
};
