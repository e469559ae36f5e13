import { alarmNames } from "../initial-alarms.ts";
import { between } from "../random.ts";
import { isRdsInstance, type RdsInstance } from "../resources/rds-instance.ts";
import type { World } from "../state.ts";
import { arnsOf } from "../topology.ts";
import { type Fault, type FaultParameters, numberOf, textOf } from "./fault.ts";

const databaseAt = (world: World, parameters: FaultParameters): RdsInstance => {
  const state = world.resources[textOf(parameters, "arn")];
  if (state === undefined || !isRdsInstance(state)) throw new Error("the fault names no database");
  return state;
};

/**
 * A job opens connections and never closes them, up to the instance's limit: then nobody else gets one. It runs once:
 * when a reboot drops its connections it does not come back.
 */
export const connectionLeak: Fault = {
  id: "connection-leak",
  family: "database",
  likelihood: 0.105,
  good: ["rds-reboot"],
  bad: ["ecs-rollback", "ecs-scale-out"],
  draw: (topology, stream) => ({
    arn: arnsOf(topology).database,
    connectionsPerMinute: between(`${stream}|speed`, 0, 6, 25),
  }),
  healsAloneAfterMinutes: () => null,
  start: (world, parameters) => {
    databaseAt(world, parameters).leakPerMinute = numberOf(parameters, "connectionsPerMinute");
  },
  isPresent: (world, parameters) => databaseAt(world, parameters).leakPerMinute > 0,
  heal: (world, parameters, act) => {
    const { name } = databaseAt(world, parameters);
    act({ service: "rds", api: "RebootDBInstance", input: { DBInstanceIdentifier: name } });
  },
  alarm: (topology) => alarmNames(topology).connections,
};
