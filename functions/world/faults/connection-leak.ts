import { between, chance, wholeBetween } from "../random.ts";
import { isRdsInstance } from "../resources/rds-state.ts";
import { busyPrimary } from "./data-place.ts";
import { type Fault, numberOf, stateAt, textOf } from "./fault.ts";
import { shows } from "./symptom.ts";

const COMES_BACK = 1 / 3; // of the jobs are started again by a scheduler that nobody thinks of

/**
 * A job opens connections and never closes them, up to the instance's limit: then nobody else gets one. A reboot drops
 * them; one job in three is started again some minutes later, and all begins anew.
 */
export const connectionLeak: Fault = {
  id: "connection-leak",
  family: "database",
  likelihood: 3,
  needs: ["rds-instance"],
  draw: (system, stream) => ({
    arn: busyPrimary(system, `${stream}|where`).arn,
    connectionsPerMinute: between(`${stream}|speed`, 0, 6, 25),
    comesBackMinutes: chance(`${stream}|truth`, 0, COMES_BACK) ? wholeBetween(`${stream}|back`, 0, 3, 10) : 0,
  }),
  remedies: (parameters) => [
    { runbook: "rds-reboot", at: "arn", does: numberOf(parameters, "comesBackMinutes") > 0 ? "eases" : "heals" },
    { runbook: "rds-extend-storage", at: "arn", does: "nothing" },
  ],
  course: () => ({ kind: "worsens" }),
  symptoms: (system, parameters) => [
    shows(system, textOf(parameters, "arn"), ["DatabaseConnections", "Average"], "up", 60),
  ],
  start: (world, active) => {
    const state = stateAt(world, active, "arn", isRdsInstance);
    state.leakPerMinute = numberOf(active.parameters, "connectionsPerMinute");
    state.leakReturnsMinutes = numberOf(active.parameters, "comesBackMinutes");
  },
  isPresent: (world, active) => {
    const { leakPerMinute, leakReturnsMinutes } = stateAt(world, active, "arn", isRdsInstance);
    return leakPerMinute > 0 || leakReturnsMinutes > 0;
  },
  heal: (world, active, act) => {
    const state = stateAt(world, active, "arn", isRdsInstance);
    state.leakPerMinute = 0;
    state.leakReturnsMinutes = 0;
    act({ service: "rds", api: "RebootDBInstance", input: { DBInstanceIdentifier: state.name } });
  },
};
