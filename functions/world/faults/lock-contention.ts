import { between, chance, wholeBetween } from "../random.ts";
import { isRdsPrimary } from "../resources/rds-state.ts";
import { MINUTE_MS, schedule } from "../state.ts";
import { busyPrimary, reachOf, whereFelt } from "./data-place.ts";
import { passesAfterMinutes } from "./disturbances.ts";
import { type Fault, numberOf, stateAt, textOf } from "./fault.ts";
import { shows } from "./symptom.ts";

const PASSES = 0.4; // of the migrations come to their end by themselves

/**
 * A transaction (a migration, a session somebody forgot) holds locks: writes wait for them until they give up. Some end
 * by themselves; the others last until the session that holds them ends, which a restart of the instance does.
 */
export const lockContention: Fault = {
  id: "lock-contention",
  family: "database",
  likelihood: 2,
  needs: ["rds-instance"],
  draw: (system, stream) => {
    const { arn } = busyPrimary(system, `${stream}|where`);
    return {
      arn,
      reach: reachOf(system, arn),
      lockedShare: between(`${stream}|severity`, 0, 0.55, 0.95),
      minutes: chance(`${stream}|truth`, 0, PASSES) ? wholeBetween(`${stream}|minutes`, 0, 35, 60) : 0,
    };
  },
  remedies: (parameters) => [
    // What passes by itself hardly gains from a restart, which costs a minute of its own.
    ...(numberOf(parameters, "minutes") > 0
      ? []
      : whereFelt(parameters, [
          { runbook: "rds-failover", at: "arn", does: "heals" },
          { runbook: "rds-reboot", at: "arn", does: "heals" },
        ])),
    { runbook: "rds-extend-storage", at: "arn", does: "nothing" },
  ],
  course: passesAfterMinutes,
  symptoms: (system, parameters) => [shows(system, textOf(parameters, "arn"), ["WriteIOPS", "Average"], "down")],
  start: (world, active) => {
    const state = stateAt(world, active, "arn", isRdsPrimary);
    const minutes = numberOf(active.parameters, "minutes");
    state.lockedShare = numberOf(active.parameters, "lockedShare");
    if (minutes === 0) return;
    const what = { kind: "resource", arn: state.arn, what: "locks-end", subject: "" } as const;
    schedule(world, world.nowMs + minutes * MINUTE_MS, what);
  },
  isPresent: (world, active) => stateAt(world, active, "arn", isRdsPrimary).lockedShare > 0,
  heal: (world, active) => {
    // pg_terminate_backend on the session that holds the locks: no API of AWS does it.
    stateAt(world, active, "arn", isRdsPrimary).lockedShare = 0;
  },
};
