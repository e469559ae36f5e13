import { sha256 } from "../../core/ids.ts";
import { between, wholeBetween } from "../random.ts";
import type { RdsProxy } from "../resources/rds-proxy.ts";
import { type RdsInstance, REPLICA_LAG_SECONDS, WRITES_PER_COMMIT } from "../resources/rds-state.ts";
import { ACCOUNT, REGION, type ServicePlan } from "../topology.ts";
import type { AlarmPlan, Blueprint, Part, Site } from "./blueprint.ts";
import { alarmOn, anomalyOn, metricsUnder, sli } from "./metric-plans.ts";

const BUSY_SHARE = 0.2; // a healthy database answers from its cache and is mostly idle
const MAX_CONNECTIONS = 400;
const MANY_CONNECTIONS = 0.8 * MAX_CONNECTIONS;
const WRITE_SHARE = 0.3;
const DAILY_GROWTH = 0.01; // of the allocated storage: a database that is full in a quarter of a year
const LITTLE_FREE_SHARE = 0.15;
const GIB = 2 ** 30;
const DAY_SECONDS = 86_400;

type Copies = Readonly<{ primary: string | null; proxy: string | null; readsElsewhere: number }>;
const ALONE: Copies = { primary: null, proxy: null, readsElsewhere: 0 };

const instance = (plan: ServicePlan, site: Site, name: string, copies: Copies): RdsInstance => {
  const { primary, proxy } = copies;
  const arn = `arn:aws:rds:${REGION}:${ACCOUNT}:db:${name}`;
  const allocatedStorage = wholeBetween(site.stream("storage"), 0, 10, 40) * 10;
  const writeShare = primary === null ? WRITE_SHARE : 0;
  const served = plan.perSecond * (primary === null ? 1 - copies.readsElsewhere : copies.readsElsewhere);
  return {
    kind: primary === null ? "rds-instance" : "rds-replica",
    arn,
    name,
    service: plan.name,
    root: primary ?? arn,
    logGroup: `/aws/rds/instance/${name}/postgresql`,
    uses: primary === null ? [] : [primary],
    engine: "postgres",
    multiAz: primary === null,
    primary,
    proxy,
    maxConnections: MAX_CONNECTIONS,
    // A rolling deployment doubles a caller's pools for some minutes; even then a fifth stays free.
    pooledConnections: wholeBetween(site.stream("pools"), 0, 80, 130),
    queriesPerSecond: (served * site.hourly) / BUSY_SHARE,
    latencyMs: 4,
    writeShare,
    gibPerCommit: (allocatedStorage * DAILY_GROWTH) / (plan.perSecond * WRITE_SHARE * DAY_SECONDS),
    allocatedStorage,
    freeStorageGib: Math.round(allocatedStorage * between(site.stream("free-storage"), 0, 0.35, 0.65)),
    status: "available",
    reboots: 0,
    storageChangedAtMs: null,
    leakedConnections: 0,
    leakPerMinute: 0,
    leakReturnsMinutes: 0,
    poolFactor: 1,
    heavy: null,
    lockedShare: 0,
    hostTrouble: 0,
    stormShare: 0,
    fillGibPerMinute: 0,
    coldness: 0,
    lagSeconds: primary === null ? 0 : REPLICA_LAG_SECONDS,
    isReplayHeld: false,
  };
};

const metricsOf = ({ name }: RdsInstance) => metricsUnder("AWS/RDS", { DBInstanceIdentifier: name });

const alarmsOf = (
  plan: ServicePlan,
  site: Site,
  primary: RdsInstance,
  readsElsewhere: number,
): readonly AlarmPlan[] => {
  const metric = metricsOf(primary);
  const alarm = (suffix: string, told: string, name: string, edge: Parameters<typeof alarmOn>[3]): AlarmPlan =>
    alarmOn(`${primary.name}-${suffix}`, told, metric(name, "Average"), edge, site.stream(`${suffix}-rule`));
  const writes = plan.perSecond * (1 - readsElsewhere) * WRITE_SHARE * WRITES_PER_COMMIT;
  const little = primary.allocatedStorage * LITTLE_FREE_SHARE * GIB;
  return [
    alarm("connections", "Connections are running out", "DatabaseConnections", { above: MANY_CONNECTIONS }),
    alarm("cpu", `CPU of ${plan.name} is nearly used up`, "CPUUtilization", { above: 80 }),
    alarm("disk", "Writes wait for the disk", "WriteLatency", { above: 0.01 }),
    alarm("storage", "Little storage is left", "FreeStorageSpace", { below: little }),
    anomalyOn(`${primary.name}-writes`, "Far fewer writes than usual", metric("WriteIOPS", "Average"), {
      level: writes,
      width: 0.4,
      comparison: "below",
    }),
  ];
};

const slisOf = (primary: RdsInstance): Part["slis"] => {
  const metric = metricsOf(primary);
  return [
    sli("connections", "saturation", metric("DatabaseConnections", "Average"), { above: MANY_CONNECTIONS }),
    sli("write latency", "latency", metric("WriteLatency", "Average"), { above: 0.02 }),
    sli("writes", "traffic", metric("WriteIOPS", "Average"), { below: 2 }),
  ];
};

const nameOf = (plan: ServicePlan, site: Site): string => `${site.system}-${plan.name}`;

/** A PostgreSQL instance with a standby in another zone; its callers connect by themselves. */
export const rdsStore: Blueprint = {
  id: "rds-store",
  role: "store",
  likelihood: 2,
  brings: ["rds-instance"],
  build: (plan, site) => {
    const primary = instance(plan, site, nameOf(plan, site), ALONE);
    return {
      states: [primary],
      edges: [],
      takes: primary.arn,
      calls: null,
      objectiveMs: null,
      alarms: alarmsOf(plan, site, primary, 0),
      slis: slisOf(primary),
    };
  },
};

/** The same with a read replica, to which the callers' drivers send a part of their reads. */
export const rdsReplicated: Blueprint = {
  id: "rds-replicated",
  role: "store",
  likelihood: 2,
  brings: ["rds-instance", "rds-replica"],
  build: (plan, site) => {
    const readsElsewhere = Math.round(between(site.stream("reads-elsewhere"), 0, 0.3, 0.6) * 100) / 100;
    const primary = instance(plan, site, nameOf(plan, site), { ...ALONE, readsElsewhere });
    const replica = instance(plan, site, `${primary.name}-replica`, { ...ALONE, primary: primary.arn, readsElsewhere });
    const lag = metricsOf(replica)("ReplicaLag", "Maximum");
    return {
      states: [primary, replica],
      edges: [
        {
          from: primary.arn,
          to: replica.arn,
          callsPerRequest: readsElsewhere,
          retries: 0,
          timeoutMs: 1000,
          isAsync: false,
        },
      ],
      takes: primary.arn,
      calls: null,
      objectiveMs: null,
      alarms: [
        ...alarmsOf(plan, site, primary, readsElsewhere),
        alarmOn(`${replica.name}-lag`, "The replica is behind", lag, { above: 60 }, site.stream("lag-rule")),
      ],
      slis: slisOf(primary),
    };
  },
};

/** The same behind a proxy: what reaches the database are the proxy's connections. */
export const rdsProxied: Blueprint = {
  id: "rds-proxied",
  role: "store",
  likelihood: 1,
  // Its instance is not one that a fault of connections may ask for: the proxy keeps most of them away.
  brings: ["rds-proxy"],
  build: (plan, site) => {
    const name = nameOf(plan, site);
    const proxyArn = `arn:aws:rds:${REGION}:${ACCOUNT}:db-proxy:prx-${sha256(name).slice(0, 17)}`;
    const primary = instance(plan, site, name, { ...ALONE, proxy: proxyArn });
    const proxy: RdsProxy = {
      kind: "rds-proxy",
      arn: proxyArn,
      name: `${name}-proxy`,
      service: plan.name,
      root: proxyArn,
      logGroup: `/aws/rds/proxy/${name}-proxy`,
      uses: [],
      database: primary.arn,
      databaseMaxConnections: MAX_CONNECTIONS,
      clientConnections: wholeBetween(site.stream("clients"), 0, 200, 900),
      maxConnectionsPercent: 100,
    };
    return {
      states: [proxy, primary],
      edges: [{ from: proxy.arn, to: primary.arn, callsPerRequest: 1, retries: 0, timeoutMs: 30_000, isAsync: false }],
      takes: proxy.arn,
      calls: null,
      objectiveMs: null,
      alarms: alarmsOf(plan, site, primary, 0),
      slis: slisOf(primary),
    };
  },
};
