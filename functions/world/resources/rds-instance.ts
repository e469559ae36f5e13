import type { Json } from "../../core/json.ts";
import { between, gaussian } from "../random.ts";
import {
  type ApiInput,
  answered,
  failed,
  gauge,
  type ResourceBehaviour,
  resourcesOfKind,
  resourceType,
  textOf,
} from "../resource-type.ts";
import { eitherFails, largestCause, overflow, slowdown } from "../saturation.ts";
import { MINUTE_MS, type ResourceState, record, schedule, streamOf, type World } from "../state.ts";
import type { ApiReply } from "../types.ts";

/** A database instance. Connections are its pools, its running queries, and those that a job forgot to close. */
export type RdsInstance = ResourceState & {
  readonly kind: "rds-instance";
  readonly engine: string;
  readonly multiAz: boolean;
  /** ARN of the primary that it copies, or null where it is one. */
  readonly primary: string | null;
  readonly maxConnections: number;
  readonly pooledConnections: number;
  readonly queriesPerSecond: number;
  readonly latencyMs: number;
  /** Share of queries that commit. */
  readonly writeShare: number;
  status: "available" | "rebooting";
  reboots: number;
  leakedConnections: number;
  leakPerMinute: number;
};

export const isRdsInstance = (resource: ResourceState): resource is RdsInstance => resource.kind === "rds-instance";

const REFUSED = "FATAL: remaining connection slots are reserved for roles with the SUPERUSER attribute";
const REBOOT_MS = [45_000, 90_000] as const;

const show = (state: RdsInstance): Json => ({
  DBInstanceIdentifier: state.name,
  DBInstanceArn: state.arn,
  DBInstanceStatus: state.status,
  Engine: state.engine,
  MultiAZ: state.multiAz,
  ReadReplicaSourceDBInstanceIdentifier:
    state.primary === null ? null : state.primary.slice(state.primary.lastIndexOf(":") + 1),
});

const instanceNamed = (world: World, input: ApiInput): RdsInstance | null => {
  const name = textOf(input, "DBInstanceIdentifier");
  return resourcesOfKind(world, isRdsInstance).find((one) => one.name === name || one.arn === name) ?? null;
};

const missing = (input: ApiInput): ApiReply =>
  failed("DBInstanceNotFound", `DBInstance ${textOf(input, "DBInstanceIdentifier") ?? ""} not found.`);

const describeInstances = (world: World, input: ApiInput): ApiReply => {
  if (input.DBInstanceIdentifier === undefined)
    return answered({ DBInstances: resourcesOfKind(world, isRdsInstance).map(show) });
  const state = instanceNamed(world, input);
  return state === null ? missing(input) : answered({ DBInstances: [show(state)] });
};

/** Unavailable for about a minute; every connection is dropped, and whoever leaked has lost his. */
const reboot = (world: World, input: ApiInput): ApiReply => {
  const state = instanceNamed(world, input);
  if (state === null) return missing(input);
  if (state.status !== "available")
    return failed("InvalidDBInstanceState", `Instance ${state.name} is not in available state.`);
  if (input.ForceFailover === true && !state.multiAz)
    return failed(
      "InvalidParameterCombination",
      "ForceFailover cannot be specified since the instance is not configured for MultiAZ",
    );
  state.status = "rebooting";
  state.reboots += 1;
  state.leakedConnections = 0;
  state.leakPerMinute = 0;
  const downMs = Math.round(between(streamOf(world, state.arn, "reboot"), state.reboots, ...REBOOT_MS));
  schedule(world, world.nowMs + downMs, { kind: "resource", arn: state.arn, what: "available", subject: "" });
  return answered({ DBInstance: show(state) });
};

const behaviour: ResourceBehaviour<RdsInstance> = {
  kind: "rds-instance",
  isOne: isRdsInstance,
  describe: (state) => ({
    type: "AWS::RDS::DBInstance",
    zones: state.multiAz ? 2 : 1,
    tags: {},
    attributes: {
      status: state.status,
      engine: state.engine,
      maxConnections: state.maxConnections,
      isReplica: state.primary !== null,
      multiAz: state.multiAz,
    },
  }),
  configuration: (state) => ({ maxConnections: state.maxConnections, multiAz: state.multiAz }),

  serve: (_world, state, { demand }) => {
    const isDown = state.status !== "available";
    const utilisation = demand / state.queriesPerSecond;
    const latencyMs = state.latencyMs * slowdown(utilisation);
    const wanted = state.pooledConnections + (demand * latencyMs) / 1000;
    const free = Math.max(0, state.maxConnections - state.leakedConnections);
    const refused = isDown ? 1 : Math.max(0, 1 - free / wanted);
    const dropped = overflow(utilisation);
    const errorRate = eitherFails(eitherFails(refused, dropped), 0.0002);
    return {
      demand,
      passed: demand * (1 - errorRate),
      errorRate,
      latencyMs,
      utilisation: utilisation * (1 - refused),
      capacity: isDown ? 0 : state.queriesPerSecond,
      message: largestCause([
        [refused, isDown ? "the database system is shutting down" : REFUSED],
        [dropped, "canceling statement due to statement timeout"],
      ]),
      gauges: {
        connections: isDown ? 0 : Math.min(state.maxConnections, state.leakedConnections + wanted),
        commitsPerSecond: demand * (1 - errorRate) * state.writeShare,
        down: isDown ? 1 : 0,
      },
    };
  },
  elapse: (_world, state, _served, elapsedMs) => {
    const leaked = state.leakedConnections + (state.leakPerMinute * elapsedMs) / MINUTE_MS;
    state.leakedConnections = Math.min(state.maxConnections, leaked);
  },

  samples: (world, state, totals) => {
    const minute = world.nowMs / MINUTE_MS;
    const noise = (purpose: string): number => 1 + 0.03 * gaussian(streamOf(world, state.arn, purpose), minute);
    const { connections = 0, commitsPerSecond = 0, down = 0 } = totals.gauges;
    // An instance that is down reports nothing.
    const shown = (value: number) => gauge(down > 0.9 ? null : value);
    const slower = slowdown(totals.utilisation);
    return {
      namespace: "AWS/RDS",
      dimensions: { DBInstanceIdentifier: state.name },
      datapoints: {
        DatabaseConnections: shown(Math.round(connections * noise("connections"))),
        CPUUtilization: shown(Math.min(100, 4 + 90 * totals.utilisation * noise("cpu"))),
        CommitThroughput: shown(commitsPerSecond * noise("commits")),
        ReadLatency: shown(0.0006 * slower * noise("read")),
        WriteLatency: shown(0.0011 * slower * noise("write")),
        ...(state.primary === null ? {} : { ReplicaLag: shown(0.4 * noise("lag") ** 4) }),
      },
    };
  },
  happen: (world, state) => {
    state.status = "available";
    record(world, "database-available", { arn: state.arn });
  },
  release: null,

  apis: [
    { service: "rds", api: "DescribeDBInstances", changes: false, answer: describeInstances },
    { service: "rds", api: "RebootDBInstance", changes: true, answer: reboot },
  ],
};

export const rdsInstance = resourceType(behaviour);
