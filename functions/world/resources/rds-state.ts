import { resourcesOfKind } from "../resource-type.ts";
import { type ResourceState, schedule, type World } from "../state.ts";
import type { System } from "../system.ts";
import { isEcsService, runningCount } from "./ecs-deployments.ts";

/** Queries that a release made heavier: while all of its tasks run, `cpu` is what they take and `hanging` the share that times out. */
export type HeavyQueries = Readonly<{ caller: string; taskDefinition: string; cpu: number; hanging: number }>;

/**
 * A database instance. Connections are its callers' pools, its running queries, and those that a job forgot to close.
 * A replica is a kind of its own, so that a fault can ask for one; it copies `primary` and answers reads.
 */
export type RdsInstance = ResourceState & {
  readonly kind: "rds-instance" | "rds-replica";
  readonly engine: string;
  readonly multiAz: boolean;
  /** ARN of the primary that it copies, or null where it is one. */
  readonly primary: string | null;
  /** ARN of the proxy through which all callers come, or null where they connect by themselves. */
  readonly proxy: string | null;
  readonly maxConnections: number;
  /** Of all callers together, with the tasks that run when the clock starts. */
  readonly pooledConnections: number;
  readonly queriesPerSecond: number;
  readonly latencyMs: number;
  /** Share of queries that commit. */
  readonly writeShare: number;
  readonly gibPerCommit: number;
  allocatedStorage: number;
  freeStorageGib: number;
  status: "available" | "rebooting" | "modifying" | "storage-optimization" | "storage-full";
  reboots: number;
  storageChangedAtMs: number | null;
  leakedConnections: number;
  leakPerMinute: number;
  /** After how many minutes the job that leaks runs again when a restart ended it; 0: it does not. */
  leakReturnsMinutes: number;
  /** Times the usual size of the callers' pools. */
  poolFactor: number;
  heavy: HeavyQueries | null;
  /** Share of writes that wait for a lock until they give up. */
  lockedShare: number;
  /** Share of queries that hang on the disks of its host; another host has none. */
  hostTrouble: number;
  /** Share of its connections that reconnecting pools want for nothing but logging in and warming up. */
  stormShare: number;
  fillGibPerMinute: number;
  /** 1 right after a restart, when nothing is in its memory yet, down to 0. */
  coldness: number;
  /** Of a replica: seconds behind its primary, and whether a long read holds up the replay. */
  lagSeconds: number;
  isReplayHeld: boolean;
};

/** Primaries and replicas alike. */
export const isRdsInstance = (resource: ResourceState): resource is RdsInstance =>
  resource.kind === "rds-instance" || resource.kind === "rds-replica";

export const isRdsPrimary = (resource: ResourceState): resource is RdsInstance => resource.kind === "rds-instance";

export const isRdsReplica = (resource: ResourceState): resource is RdsInstance => resource.kind === "rds-replica";

/** Finds an instance by its identifier or ARN, as the RDS API does; null where there is none. */
export const instanceNamed = (world: World, nameOrArn: string | null): RdsInstance | null =>
  resourcesOfKind(world, isRdsInstance).find((one) => one.name === nameOrArn || one.arn === nameOrArn) ?? null;

export const REPLICA_LAG_SECONDS = 0.4; // a healthy asynchronous copy is well under a second behind
export const WRITES_PER_COMMIT = 2; // to the disk: the flush of its log, and its share of what checkpoints write

/** What every restart ends, on whichever host: sessions with their locks, and the job that leaked them. */
export const endSessions = (world: World, state: RdsInstance): void => {
  if (state.leakPerMinute > 0 && state.leakReturnsMinutes > 0)
    schedule(world, world.nowMs + state.leakReturnsMinutes * 60_000, {
      kind: "resource",
      arn: state.arn,
      what: "leak-returns",
      subject: String(state.leakPerMinute),
    });
  state.leakPerMinute = 0;
  state.leakedConnections = 0;
  state.lockedShare = 0;
  state.isReplayHeld = false;
  state.coldness = 1;
};

type Pools = Readonly<{ callers: readonly string[]; tasksAtStart: number }>;
const pools = new WeakMap<System, Map<string, Pools>>();

/** The services on ECS that connect to an instance by themselves, and their tasks when the clock starts. */
export const poolsOf = (system: System, arn: string): Pools => {
  let known = pools.get(system);
  if (known === undefined) {
    known = new Map();
    pools.set(system, known);
  }
  const own = known.get(arn);
  if (own !== undefined) return own;
  const callers = new Set(system.edges.filter(({ to }) => to === arn).map(({ from }) => from));
  const services = system.states.filter(isEcsService).filter((service) => callers.has(service.arn));
  const tasksAtStart = services.reduce((sum, service) => sum + runningCount(service), 0);
  const made = { callers: services.map((service) => service.arn), tasksAtStart };
  known.set(arn, made);
  return made;
};

/** Connections that the callers' pools hold open: in proportion to the tasks that run now. */
export const pooledNow = (world: World, state: RdsInstance): number => {
  const { callers, tasksAtStart } = poolsOf(world.system, state.arn);
  const usual = state.pooledConnections * state.poolFactor;
  if (tasksAtStart === 0) return usual;
  let tasks = 0;
  for (const arn of callers) {
    const service = world.resources[arn];
    if (service !== undefined && isEcsService(service)) tasks += runningCount(service);
  }
  return (usual * tasks) / tasksAtStart;
};

/** How far the release that made queries heavy runs: the share of its service's tasks, 0..1. */
export const heaviness = (world: World, { heavy }: RdsInstance): number => {
  if (heavy === null) return 0;
  const service = world.resources[heavy.caller];
  if (service === undefined || !isEcsService(service)) return 0;
  const running = runningCount(service);
  if (running === 0) return 0;
  let bad = 0;
  for (const one of service.deployments) if (one.taskDefinition === heavy.taskDefinition) bad += one.runningCount;
  return bad / running;
};
