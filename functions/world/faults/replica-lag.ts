import { chance, wholeBetween } from "../random.ts";
import { isRdsReplica } from "../resources/rds-state.ts";
import { MINUTE_MS, schedule } from "../state.ts";
import { type Fault, numberOf, stateAt, textOf } from "./fault.ts";
import { placeOf } from "./place.ts";
import { shows } from "./symptom.ts";

const ENDS = 0.5; // of the reports come to their end within some hours

/**
 * A long report on the read replica holds up the replay: it falls behind by a second a second, and users do not find what
 * they have just written. A reboot of the replica ends the report; so does its own end, where it has one.
 */
export const replicaLag: Fault = {
  id: "replica-lag",
  family: "database",
  likelihood: 2,
  needs: ["rds-replica"],
  draw: (system, stream) => ({
    arn: placeOf(system, `${stream}|where`, isRdsReplica).arn,
    minutes: chance(`${stream}|truth`, 0, ENDS)
      ? wholeBetween(`${stream}|minutes`, 0, 95, 200)
      : wholeBetween(`${stream}|minutes`, 0, 600, 900),
  }),
  remedies: () => [
    { runbook: "rds-replica-reboot", at: "arn", does: "heals" },
    { runbook: "rds-extend-storage", at: "arn", does: "nothing" },
  ],
  // Behind by as long as the report took, it catches up nine times as fast.
  course: (parameters) => ({ kind: "heals", afterMinutes: Math.ceil(numberOf(parameters, "minutes") * (1 + 1 / 9)) }),
  symptoms: (system, parameters) => [shows(system, textOf(parameters, "arn"), ["ReplicaLag", "Maximum"], "up")],
  start: (world, active) => {
    const state = stateAt(world, active, "arn", isRdsReplica);
    state.isReplayHeld = true;
    schedule(world, world.nowMs + numberOf(active.parameters, "minutes") * MINUTE_MS, {
      kind: "resource",
      arn: state.arn,
      what: "replay-goes-on",
      subject: "",
    });
  },
  isPresent: (world, active) => stateAt(world, active, "arn", isRdsReplica).isReplayHeld,
  heal: (world, active) => {
    // pg_cancel_backend on the report: no API of AWS does it.
    stateAt(world, active, "arn", isRdsReplica).isReplayHeld = false;
  },
};
