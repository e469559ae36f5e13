import { between } from "../random.ts";
import { isRdsPrimary } from "../resources/rds-state.ts";
import { busyPrimary, reachOf, whereFelt } from "./data-place.ts";
import { type Fault, numberOf, stateAt, textOf } from "./fault.ts";
import { shows } from "./symptom.ts";

/**
 * The disks of the primary's host are slow: queries wait for them while the CPU idles. The standby is well, so a failover
 * ends it; a reboot in place comes back on the same host, with nothing in memory and everything to read from those disks.
 */
export const primaryDegraded: Fault = {
  id: "primary-degraded",
  family: "database",
  likelihood: 2,
  needs: ["rds-instance"],
  draw: (system, stream) => {
    const { arn } = busyPrimary(system, `${stream}|where`);
    return { arn, reach: reachOf(system, arn), hanging: between(`${stream}|severity`, 0, 0.4, 0.65) };
  },
  remedies: (parameters) => [
    { runbook: "rds-extend-storage", at: "arn", does: "nothing" },
    ...whereFelt(parameters, [
      { runbook: "rds-failover", at: "arn", does: "heals" },
      { runbook: "rds-reboot", at: "arn", does: "harms" },
    ]),
  ],
  course: () => ({ kind: "persists" }),
  symptoms: (system, parameters) => [
    shows(system, textOf(parameters, "arn"), ["WriteLatency", "Average"], "up"),
    shows(system, textOf(parameters, "arn"), ["DiskQueueDepth", "Average"], "up"),
  ],
  start: (world, active) => {
    stateAt(world, active, "arn", isRdsPrimary).hostTrouble = numberOf(active.parameters, "hanging");
  },
  isPresent: (world, active) => stateAt(world, active, "arn", isRdsPrimary).hostTrouble > 0,
  heal: (world, active, act) => {
    const { name } = stateAt(world, active, "arn", isRdsPrimary);
    act({ service: "rds", api: "RebootDBInstance", input: { DBInstanceIdentifier: name, ForceFailover: true } });
  },
};
