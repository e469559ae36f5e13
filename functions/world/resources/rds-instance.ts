import { gauge, percent, type ResourceBehaviour, resourceType, type Samples, whole } from "../resource-type.ts";
import { dependencyCost, eitherFails, largestCause, overflow, slowdown } from "../saturation.ts";
import { MINUTE_MS, record, type Served, type World } from "../state.ts";
import { rdsApis } from "./rds-api.ts";
import { connectionLimit } from "./rds-proxy.ts";
import {
  heaviness,
  isRdsPrimary,
  isRdsReplica,
  pooledNow,
  type RdsInstance,
  REPLICA_LAG_SECONDS,
  WRITES_PER_COMMIT,
} from "./rds-state.ts";

const REFUSED = "FATAL: remaining connection slots are reserved for roles with the SUPERUSER attribute";
const GIB = 2 ** 30;
const DISK_WAIT = 40; // times as long, where all queries hang on the disks
const HANGING_SECONDS = 0.2; // until a pool gives up a session that hangs
/** Where queries hang already, they hang the more the less is in memory: of those that did not, up to this share. */
const HANGING_COLD = 0.6;
const LOCK_TIMEOUT_SECONDS = 2; // a session waits this long for a lock before it gives up
/** Reads that look for what the same user wrote a moment ago: on a copy that far behind they find nothing. */
const OWN_WRITES_SHARE = 0.4;
const STALE_SECONDS = 60;
const COLD_MS = 10 * MINUTE_MS; // until the working set is in memory again
const COLD_COST = 0.6; // share of the capacity that reading from disk takes at first
const CATCH_UP = 9; // seconds of lag that a free replica works off in a second

/** Sessions that log in and warm up at once fight for locks and memory: the cost grows with their cube. */
const crowding = (share: number): number => 1 + 9 * share ** 3;

/** Queries that time out by themselves, for their host's sake or for their own weight. */
const hangingShare = ({ hostTrouble, heavy, coldness }: RdsInstance, heaviness: number): number => {
  const share = Math.max(hostTrouble, heaviness * (heavy?.hanging ?? 0));
  return share === 0 ? 0 : eitherFails(share, HANGING_COLD * coldness);
};

const isDown = ({ status }: RdsInstance): boolean => status === "rebooting" || status === "storage-full";

const serve: NonNullable<ResourceBehaviour<RdsInstance>["serve"]> = (world, state, { demand, dependencies }) => {
  // The callers' drivers send a share of their reads to the replica: drawn as calls that pass by the primary.
  // They come back to the primary where no replica answers.
  const replica = dependencies[0];
  const elsewhere = replica === undefined || replica.served.capacity === 0 ? 0 : replica.edge.callsPerRequest;
  const own = demand * (1 - elsewhere);
  const down = isDown(state);
  const limit = connectionLimit(world, state);
  const free = Math.max(0, Math.min(limit, state.maxConnections - state.leakedConnections));
  const storm = Math.min(state.stormShare * state.maxConnections, free);
  const possible = state.queriesPerSecond / crowding(storm / state.maxConnections);
  const capacity = possible * (1 - COLD_COST * state.coldness);
  const utilisation = own / capacity;
  const heavy = heaviness(world, state);
  const hanging = hangingShare(state, heavy);
  const locked = state.lockedShare * state.writeShare;
  const waitingSeconds = locked * LOCK_TIMEOUT_SECONDS + hanging * HANGING_SECONDS;
  const latencyMs = state.latencyMs * slowdown(utilisation) + waitingSeconds * 1000;
  const busy = (own * latencyMs) / 1000;
  const pooled = pooledNow(world, state);
  // A proxy hands its connections round, so only busy sessions need one; without it every pool keeps its own.
  const needed = state.proxy === null ? pooled + busy : busy;
  const refused = down ? 1 : Math.max(0, 1 - free / needed);
  const dropped = overflow(utilisation);
  const stale = OWN_WRITES_SHARE * Math.min(1, Math.max(0, state.lagSeconds - REPLICA_LAG_SECONDS) / STALE_SECONDS);
  const lost = eitherFails(eitherFails(refused, dropped), hanging);
  const ownError = eitherFails(lost, eitherFails(eitherFails(locked, stale), 0.00005));
  const cost = dependencyCost(elsewhere === 0 ? [] : dependencies);
  const unlocked = own * (1 - lost) * state.writeShare * (1 - state.lockedShare);
  const held = Math.min(limit, state.proxy === null ? needed + storm : Math.max(pooled, busy) + storm);
  return {
    demand,
    passed: demand,
    errorRate: eitherFails(ownError * (1 - elsewhere), cost.errorRate),
    latencyMs: latencyMs * (1 - elsewhere) + cost.latencyMs,
    utilisation: utilisation * (1 - refused),
    capacity: down ? 0 : capacity,
    message: largestCause([
      [refused, down ? "the database system is shutting down" : REFUSED],
      [eitherFails(dropped, hanging), "canceling statement due to statement timeout"],
      [locked, "canceling statement due to lock timeout"],
      [stale, "record not found right after it was written"],
      [cost.errorRate, cost.message],
    ]),
    gauges: {
      connections: down ? 0 : Math.min(state.maxConnections, state.leakedConnections + held),
      commitsPerSecond: unlocked,
      cpu: Math.min(1, Math.max(((1 - refused) * own) / possible, heavy * (state.heavy?.cpu ?? 0))),
      diskWait: slowdown(utilisation) * (1 + DISK_WAIT * state.hostTrouble),
      freeBytes: state.freeStorageGib * GIB,
      lagSeconds: state.lagSeconds,
      storm: storm / state.maxConnections,
      down: down ? 1 : 0,
    },
  };
};

/** Leaks, fills, cools and lags on; true where callers feel the difference. */
const elapse = (world: World, state: RdsInstance, { gauges }: Served, elapsedMs: number): boolean => {
  const minutes = elapsedMs / MINUTE_MS;
  const written = (gauges.commitsPerSecond ?? 0) * 60 * minutes * state.gibPerCommit;
  state.freeStorageGib = Math.max(0, state.freeStorageGib - written - state.fillGibPerMinute * minutes);
  let isFelt = state.fillGibPerMinute > 0;
  if (state.freeStorageGib === 0 && state.status !== "storage-full" && state.status !== "modifying") {
    state.status = "storage-full";
    // What filled it fails like everybody else.
    state.fillGibPerMinute = 0;
    record(world, "storage-full", { arn: state.arn });
    isFelt = true;
  }
  if (state.leakPerMinute > 0 && state.leakedConnections < state.maxConnections) {
    state.leakedConnections = Math.min(state.maxConnections, state.leakedConnections + state.leakPerMinute * minutes);
    isFelt = true;
  }
  if (state.coldness > 0 && state.status !== "rebooting") {
    state.coldness = Math.max(0, state.coldness - elapsedMs / COLD_MS);
    isFelt = true;
  }
  if (state.isReplayHeld || state.lagSeconds > REPLICA_LAG_SECONDS) {
    const change = (state.isReplayHeld ? 1 : -CATCH_UP) * (elapsedMs / 1000);
    state.lagSeconds = Math.max(REPLICA_LAG_SECONDS, state.lagSeconds + change);
    isFelt = true;
  }
  return isFelt;
};

const samples = (state: RdsInstance, { utilisation, gauges }: Served): readonly Samples[] => {
  const {
    connections = 0,
    commitsPerSecond = 0,
    cpu = 0,
    freeBytes = 0,
    diskWait = 1,
    lagSeconds = 0,
    down = 0,
  } = gauges;
  // An instance that is down reports nothing.
  const shown = (value: number): number | null => (down > 0 ? null : value);
  return [
    {
      namespace: "AWS/RDS",
      dimensions: { DBInstanceIdentifier: state.name },
      levels: {
        DatabaseConnections: whole(shown(connections), 0.03),
        CPUUtilization: percent(shown(Math.min(100, 4 + 90 * cpu)), 0.03),
        ReadLatency: gauge(shown(0.0006 * diskWait), 0.03),
        WriteLatency: gauge(shown(0.0011 * diskWait), 0.03),
        DiskQueueDepth: gauge(shown(0.2 * diskWait + 40 * Math.max(0, utilisation - 0.8)), 0.05),
        FreeStorageSpace: gauge(shown(freeBytes)),
        // What a replica writes as it replays its primary's log is not modelled.
        ...(state.primary === null
          ? { WriteIOPS: gauge(shown(commitsPerSecond * WRITES_PER_COMMIT), 0.03) }
          : { ReplicaLag: gauge(shown(lagSeconds), 0.2) }),
      },
    },
  ];
};

const happen = (world: World, state: RdsInstance, what: string, subject: string): void => {
  if (what === "available") {
    state.status = "available";
    record(world, "database-available", { arn: state.arn });
  } else if (what === "storage-added") {
    const allocatedStorage = Number(subject);
    state.freeStorageGib += allocatedStorage - state.allocatedStorage;
    state.allocatedStorage = allocatedStorage;
    state.status = "storage-optimization";
    record(world, "storage-added", { arn: state.arn, allocatedStorage });
  } else if (what === "storage-optimized") {
    if (state.status === "storage-optimization") state.status = "available";
  } else if (what === "leak-returns") state.leakPerMinute = Number(subject);
  else if (what === "locks-end") state.lockedShare = 0;
  else if (what === "replay-goes-on") state.isReplayHeld = false;
};

const behaviour: ResourceBehaviour<RdsInstance> = {
  kind: "rds-instance",
  isOne: isRdsPrimary,
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
      allocatedStorage: state.allocatedStorage,
    },
  }),
  configuration: (state) => ({
    maxConnections: state.maxConnections,
    multiAz: state.multiAz,
    allocatedStorage: state.allocatedStorage,
  }),
  serve,
  elapse,
  samples,
  happen,
  release: null,
  join: null,
  habits: [
    {
      does: "restart",
      call: (_world, { name }) => ({ service: "rds", api: "RebootDBInstance", input: { DBInstanceIdentifier: name } }),
    },
  ],
  apis: rdsApis,
};

export const rdsInstance = resourceType(behaviour);
/** The same instance as a read-only copy; the APIs that name instances answer for it too. */
export const rdsReplica = resourceType({ ...behaviour, kind: "rds-replica", isOne: isRdsReplica, apis: [] });
