import { alarmNames } from "../initial-alarms.ts";
import { between, chance } from "../random.ts";
import { arnsOf } from "../topology.ts";
import type { Fault } from "./fault.ts";
import { badRelease } from "./task-definition.ts";

/** A release of the front service errs, or is so slow that its users give up, on every task that it reaches. */
export const badEcsDeployment: Fault = {
  id: "bad-ecs-deployment",
  family: "deployment",
  likelihood: 0.132,
  good: ["ecs-rollback"],
  bad: ["rds-reboot", "lambda-alias-rollback"],
  draw: (topology, stream) => {
    const isSlow = chance(`${stream}|slow`, 0, 0.25);
    return {
      arn: arnsOf(topology).front,
      errorRate: between(`${stream}|severity`, 0, 0.08, 0.7),
      latencyFactor: isSlow ? between(`${stream}|speed`, 0, 4, 40) : 1,
    };
  },
  healsAloneAfterMinutes: () => null,
  ...badRelease("TypeError: cannot read properties of undefined (reading 'price')"),
  alarm: (topology) => alarmNames(topology).targetErrors,
};
