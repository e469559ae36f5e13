import { between } from "../random.ts";
import { isEcsService, scale } from "../resources/ecs-deployments.ts";
import { isRdsPrimary, poolsOf } from "../resources/rds-state.ts";
import { primaryWithPools, reachOf, serviceAbove, whereFelt } from "./data-place.ts";
import { updateService } from "./ecs-place.ts";
import { type Fault, numberOf, stateAt, textOf } from "./fault.ts";
import { shows } from "./symptom.ts";

const SCALED = 2;

/**
 * Somebody runs twice the tasks of a service, whose pools have grown with the last releases: together they want more
 * connections than the database has. It looks like a service that is short of capacity, and every further task makes it
 * worse.
 */
export const databaseOverloadByScaleOut: Fault = {
  id: "database-overload-by-scale-out",
  family: "database",
  likelihood: 1,
  needs: ["rds-instance", "ecs-service"],
  draw: (system, stream) => {
    const database = primaryWithPools(system, `${stream}|where`);
    const [direct] = poolsOf(system, database.arn).callers;
    return {
      arn: database.arn,
      caller: direct ?? serviceAbove(system, `${stream}|caller`, database.arn).arn,
      // The others' pools do not grow with its tasks.
      reach: direct === undefined ? 0 : reachOf(system, database.arn),
      wanted: between(`${stream}|severity`, 0, 1.4, 1.8),
    };
  },
  remedies: (parameters) => [
    { runbook: "rds-extend-storage", at: "arn", does: "nothing" },
    ...whereFelt(parameters, [{ runbook: "ecs-scale-out", at: "caller", does: "harms" }]),
  ],
  course: () => ({ kind: "persists" }),
  symptoms: (system, parameters) => [
    shows(system, textOf(parameters, "arn"), ["DatabaseConnections", "Average"], "up"),
  ],
  start: (world, active) => {
    const database = stateAt(world, active, "arn", isRdsPrimary);
    const service = stateAt(world, active, "caller", isEcsService);
    active.memory = { desiredCount: service.desiredCount };
    const { callers, tasksAtStart } = poolsOf(world.system, database.arn);
    const added = callers.includes(service.arn) ? (SCALED - 1) * service.desiredCount : 0;
    const grown = tasksAtStart === 0 ? 1 : (tasksAtStart + added) / tasksAtStart;
    const wanted = numberOf(active.parameters, "wanted") * database.maxConnections;
    database.poolFactor = wanted / (database.pooledConnections * grown);
    scale(world, service, service.desiredCount * SCALED);
  },
  isPresent: (world, active) => stateAt(world, active, "arn", isRdsPrimary).poolFactor > 1,
  heal: (world, active, act) => {
    // The pools get their old size by a setting of the service's own.
    stateAt(world, active, "arn", isRdsPrimary).poolFactor = 1;
    const desiredCount = Number(active.memory.desiredCount);
    act(updateService(stateAt(world, active, "caller", isEcsService), { desiredCount }));
  },
};
