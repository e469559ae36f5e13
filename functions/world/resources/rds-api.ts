import type { Json } from "../../core/json.ts";
import { between } from "../random.ts";
import { type ApiHandler, type ApiInput, answered, failed, resourcesOfKind, textOf } from "../resource-type.ts";
import { MINUTE_MS, schedule, streamOf, type World } from "../state.ts";
import type { ApiReply } from "../types.ts";
import { endSessions, instanceNamed, isRdsInstance, type RdsInstance } from "./rds-state.ts";

const REBOOT_MS = [45_000, 90_000] as const;
/** A failover through RebootDBInstance is usually over within a minute or two. */
const FAILOVER_MS = [60_000, 100_000] as const;
/** Above this CPU there is much to recover on the way up, which takes minutes more; on slow disks always. */
const RECOVERY_ABOVE = 0.5;
const SLOW_RECOVERY = 6;
const STORAGE_MS = [3 * MINUTE_MS, 6 * MINUTE_MS] as const;
const OPTIMIZATION_MS = 60 * MINUTE_MS;
/** Until the next change of the storage, https://repost.aws/knowledge-center/rds-autoscaling-low-free-storage */
const STORAGE_COOLDOWN_MS = 6 * 60 * MINUTE_MS;
const LEAST_GROWTH = 1.1; // a smaller increase is rounded up to ten per cent

const show = (state: RdsInstance): Json => ({
  DBInstanceIdentifier: state.name,
  DBInstanceArn: state.arn,
  DBInstanceStatus: state.status,
  Engine: state.engine,
  MultiAZ: state.multiAz,
  AllocatedStorage: state.allocatedStorage,
  ReadReplicaSourceDBInstanceIdentifier:
    state.primary === null ? null : state.primary.slice(state.primary.lastIndexOf(":") + 1),
});

const missing = (input: ApiInput): ApiReply =>
  failed("DBInstanceNotFound", `DBInstance ${textOf(input, "DBInstanceIdentifier") ?? ""} not found.`);

const describeInstances = (world: World, input: ApiInput): ApiReply => {
  if (input.DBInstanceIdentifier === undefined)
    return answered({ DBInstances: resourcesOfKind(world, isRdsInstance).map(show) });
  const state = instanceNamed(world, textOf(input, "DBInstanceIdentifier"));
  return state === null ? missing(input) : answered({ DBInstances: [show(state)] });
};

/** Unavailable for about a minute, longer from under load; every session ends. Only a failover changes the host. */
const reboot = (world: World, input: ApiInput): ApiReply => {
  const state = instanceNamed(world, textOf(input, "DBInstanceIdentifier"));
  if (state === null) return missing(input);
  if (state.status !== "available")
    return failed("InvalidDBInstanceState", `Instance ${state.name} is not in available state.`);
  const isFailover = input.ForceFailover === true;
  if (isFailover && !state.multiAz)
    return failed(
      "InvalidParameterCombination",
      "ForceFailover cannot be specified since the instance is not configured for MultiAZ",
    );
  const busy = Math.min(1, world.flows.at(-1)?.served[world.system.indexOf[state.arn] ?? -1]?.gauges.cpu ?? 0);
  // The standby has replayed everything already; a restart in place has to, from the disks that it has.
  const isSlow = state.hostTrouble > 0 || busy > RECOVERY_ABOVE;
  const recovery = isFailover || !isSlow ? 1 : SLOW_RECOVERY;
  state.reboots += 1;
  const [least, most] = isFailover ? FAILOVER_MS : REBOOT_MS;
  const downMs = Math.round(between(streamOf(world, state.arn, "reboot"), state.reboots, least, most) * recovery);
  state.status = "rebooting";
  endSessions(world, state);
  if (isFailover) state.hostTrouble = 0;
  schedule(world, world.nowMs + downMs, { kind: "resource", arn: state.arn, what: "available", subject: "" });
  return answered({ DBInstance: show(state) });
};

/** Whether the last change of the storage is so recent that AWS takes no other. */
export const isStorageSettling = ({ nowMs }: World, { storageChangedAtMs }: RdsInstance): boolean =>
  storageChangedAtMs !== null && nowMs < storageChangedAtMs + STORAGE_COOLDOWN_MS;

/** Storage only grows; the new room is there after minutes, and the instance serves all the while unless it was full. */
const modify = (world: World, input: ApiInput): ApiReply => {
  const state = instanceNamed(world, textOf(input, "DBInstanceIdentifier"));
  if (state === null) return missing(input);
  const wanted = input.AllocatedStorage;
  if (wanted === undefined) return answered({ DBInstance: show(state) });
  if (typeof wanted !== "number" || !Number.isInteger(wanted))
    return failed("InvalidParameterValue", "AllocatedStorage must be a whole number of GiB.");
  if (state.status !== "available" && state.status !== "storage-full")
    return failed("InvalidDBInstanceState", `Database instance is not in available state: ${state.name}.`);
  if (wanted <= state.allocatedStorage)
    return failed("InvalidParameterCombination", "Requested storage size must be greater than the current one.");
  if (isStorageSettling(world, state))
    return failed(
      "InvalidParameterCombination",
      "You can't currently modify the storage of this DB instance because the previous storage change is being optimized.",
    );
  // Without ApplyImmediately it waits for the maintenance window, which no incident lasts to.
  if (input.ApplyImmediately !== true) return answered({ DBInstance: show(state) });
  const allocated = Math.max(wanted, Math.ceil(state.allocatedStorage * LEAST_GROWTH));
  const takesMs = Math.round(between(streamOf(world, state.arn, "storage"), world.nowMs, ...STORAGE_MS));
  if (state.status === "available") state.status = "modifying";
  state.storageChangedAtMs = world.nowMs;
  const agenda = { kind: "resource", arn: state.arn } as const;
  schedule(world, world.nowMs + takesMs, { ...agenda, what: "storage-added", subject: String(allocated) });
  schedule(world, world.nowMs + OPTIMIZATION_MS, { ...agenda, what: "storage-optimized", subject: "" });
  return answered({ DBInstance: show(state) });
};

export const rdsApis: readonly ApiHandler[] = [
  { service: "rds", api: "DescribeDBInstances", changes: false, answer: describeInstances },
  { service: "rds", api: "RebootDBInstance", changes: true, answer: reboot },
  { service: "rds", api: "ModifyDBInstance", changes: true, answer: modify },
];
