import { between } from "../random.ts";
import { isStorageSettling } from "../resources/rds-api.ts";
import { isRdsPrimary } from "../resources/rds-state.ts";
import { busyPrimary, serviceAbove } from "./data-place.ts";
import { type Fault, numberOf, stateAt, textOf } from "./fault.ts";
import { shows } from "./symptom.ts";

/** What a disk that fills has in common, whatever its speed: `minutes` until nothing is left. */
const filling: Pick<Fault, "family" | "needs" | "course" | "start" | "isPresent" | "heal"> = {
  family: "database",
  needs: ["rds-instance"],
  // How much users notice in the end depends on what lies between them and the database.
  course: () => ({ kind: "persists" }),
  start: (world, active) => {
    const state = stateAt(world, active, "arn", isRdsPrimary);
    state.fillGibPerMinute = state.freeStorageGib / numberOf(active.parameters, "minutes");
  },
  isPresent: (world, active) => {
    const { fillGibPerMinute, status } = stateAt(world, active, "arn", isRdsPrimary);
    return fillGibPerMinute > 0 || status === "storage-full";
  },
  heal: (world, active, act) => {
    const state = stateAt(world, active, "arn", isRdsPrimary);
    state.fillGibPerMinute = 0;
    // The room that somebody asked for comes within minutes, and more cannot be asked for so soon.
    if (isStorageSettling(world, state)) return;
    const input = {
      DBInstanceIdentifier: state.name,
      AllocatedStorage: state.allocatedStorage * 2,
      ApplyImmediately: true,
    };
    act({ service: "rds", api: "ModifyDBInstance", input });
  },
};

/**
 * A load of data fills the disk within minutes. Then the instance stops, cannot even be restarted, and stays away until
 * somebody gives it more storage.
 */
export const databaseStorageFull: Fault = {
  ...filling,
  id: "database-storage-full",
  likelihood: 1,
  draw: (system, stream) => ({
    arn: busyPrimary(system, `${stream}|where`).arn,
    minutes: between(`${stream}|speed`, 0, 6, 18),
  }),
  remedies: () => [
    { runbook: "rds-extend-storage", at: "arn", does: "heals" },
    { runbook: "rds-reboot", at: "arn", does: "nothing" },
    { runbook: "rds-failover", at: "arn", does: "nothing" },
  ],
  // While it is full it reports nothing.
  symptoms: (system, parameters) => [
    shows(system, textOf(parameters, "arn"), ["FreeStorageSpace", "Minimum"], "silent", 25),
  ],
};

/** Something writes that nobody reads (a log table, a stuck replication slot): the alarm rings well before users notice. */
export const databaseStorageFilling: Fault = {
  ...filling,
  id: "database-storage-filling",
  likelihood: 2,
  needs: ["rds-instance", "ecs-service"],
  draw: (system, stream) => {
    const { arn } = busyPrimary(system, `${stream}|where`);
    return {
      arn,
      caller: serviceAbove(system, `${stream}|caller`, arn).arn,
      minutes: between(`${stream}|speed`, 0, 90, 130),
    };
  },
  remedies: () => [
    { runbook: "rds-extend-storage", at: "arn", does: "heals" },
    { runbook: "ecs-rollback", at: "caller", does: "nothing" },
  ],
  symptoms: (system, parameters) => [
    shows(system, textOf(parameters, "arn"), ["FreeStorageSpace", "Minimum"], "down", 60),
  ],
};
