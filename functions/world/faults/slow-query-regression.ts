import { between } from "../random.ts";
import { isRdsPrimary } from "../resources/rds-state.ts";
import { primaryBelowService, reachOf, serviceAbove, whereFelt } from "./data-place.ts";
import { type Fault, numberOf, stateAt, textOf } from "./fault.ts";
import { badRelease } from "./release.ts";
import { shows } from "./symptom.ts";

const release = badRelease("canceling statement due to statement timeout");

/**
 * A release of a service reads without the index: the database is busy with its queries and slow for everybody. Rolling
 * the service back ends it; a reboot takes the database away, and what was in its memory with it.
 */
export const slowQueryRegression: Fault = {
  id: "slow-query-regression",
  family: "database",
  likelihood: 3,
  needs: ["rds-instance", "ecs-service"],
  draw: (system, stream) => {
    const { arn } = primaryBelowService(system, `${stream}|where`);
    return {
      arn: serviceAbove(system, `${stream}|caller`, arn).arn,
      database: arn,
      reach: reachOf(system, arn),
      cpu: between(`${stream}|severity`, 0, 0.88, 1),
      hanging: between(`${stream}|severity`, 1, 0.4, 0.65),
      errorRate: 0.00005,
      latencyFactor: 1,
    };
  },
  remedies: (parameters) => [
    { runbook: "ecs-rollback", at: "arn", does: "heals" },
    { runbook: "rds-extend-storage", at: "database", does: "nothing" },
    ...whereFelt(parameters, [{ runbook: "rds-reboot", at: "database", does: "harms" }]),
  ],
  course: () => ({ kind: "persists" }),
  symptoms: (system, parameters) => [
    shows(system, textOf(parameters, "database"), ["CPUUtilization", "Average"], "up"),
  ],
  start: (world, active) => {
    const state = stateAt(world, active, "database", isRdsPrimary);
    release.start(world, active);
    state.heavy = {
      caller: textOf(active.parameters, "arn"),
      taskDefinition: String(active.memory.bad),
      cpu: numberOf(active.parameters, "cpu"),
      hanging: numberOf(active.parameters, "hanging"),
    };
  },
  isPresent: release.isPresent,
  heal: release.heal,
};
