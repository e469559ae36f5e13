import assert from "node:assert/strict";
import { test } from "node:test";
import type { Context } from "../functions/core/context.ts";
import type { Resource, Series } from "../functions/core/evidence.ts";
import { catalogue } from "./catalogue.ts";
import { ARN, contextWith, minutes, resource, series } from "./context.fixture.ts";

/** When the runbooks for databases, tables and caches are a strong match, doubtful, or none at all. */
const STRONG = 0.7;
const DOUBTFUL = 0.45;
const GIB = 2 ** 30;
const ACCOUNT = "eu-west-1:111122223333";
const PROXY = `arn:aws:rds:${ACCOUNT}:db-proxy:prx-0a1b2c3d`;
const REPLICA = `arn:aws:rds:${ACCOUNT}:db:shop-db-replica`;
const TABLE = `arn:aws:dynamodb:${ACCOUNT}:table/shop-events`;
const CACHE = `arn:aws:elasticache:${ACCOUNT}:replicationgroup:shop-near`;

const wobble = (minutesAgo: number): number => 1 + 0.03 * Math.sin(minutesAgo * 7.3);
const steady = (level: number) => (minutesAgo: number) => level * wobble(minutesAgo);
const since = (start: number, before: number, after: number) => (minutesAgo: number) =>
  (minutesAgo <= start ? after : before) * wobble(minutesAgo);
const read = (arn: string, metric: string, value: (minutesAgo: number) => number | null): Series =>
  series(arn, metric, minutes(60, value));

const fitIn = (context: Context, id: string): "strong" | "doubtful" | "none" | "neither" => {
  const fits = catalogue.runbooks.filter((one) => one.id === id).flatMap((one) => one.suits(context));
  const best = Math.max(-1, ...fits.map(({ fit }) => fit));
  return best < 0 ? "none" : best > STRONG ? "strong" : best < DOUBTFUL ? "doubtful" : "neither";
};

const database = (attributes: Resource["attributes"] = {}): Resource =>
  resource(ARN.database, "AWS::RDS::DBInstance", {
    zones: 2,
    attributes: { status: "available", multiAz: true, isReplica: false, allocatedStorage: 100, ...attributes },
  });
const replica = resource(REPLICA, "AWS::RDS::DBInstance", {
  root: ARN.database,
  dependsOn: [ARN.database],
  attributes: { status: "available", multiAz: false, isReplica: true, allocatedStorage: 100 },
});
const caller = resource(ARN.group, "AWS::ElasticLoadBalancingV2::TargetGroup", { dependsOn: [ARN.database] });
const failing = [
  read(ARN.group, "RequestCount", steady(1000)),
  read(ARN.group, "HTTPCode_Target_5XX_Count", (minutesAgo) => (minutesAgo <= 10 ? 200 : null)),
];
const disk = (latency: (minutesAgo: number) => number, cpu: number): readonly Series[] => [
  read(ARN.database, "WriteLatency", latency),
  read(ARN.database, "CPUUtilization", steady(cpu)),
];
const slow = since(10, 0.0011, 0.02);
const free = (start: number, lostAMinute: number) =>
  read(ARN.database, "FreeStorageSpace", (minutesAgo) => (start - lostAMinute * (60 - minutesAgo)) * GIB);
const lag = (primaryWrites: (minutesAgo: number) => number, cpu: number): readonly Series[] => [
  read(REPLICA, "ReplicaLag", (minutesAgo) => (minutesAgo <= 10 ? (11 - minutesAgo) * 60 : 0.4 * wobble(minutesAgo))),
  read(REPLICA, "CPUUtilization", steady(cpu)),
  read(ARN.database, "WriteIOPS", primaryWrites),
];
const proxy = resource(PROXY, "AWS::RDS::DBProxy", {
  name: "shop-proxy",
  dependsOn: [ARN.database],
  attributes: { maxConnectionsPercent: 100 },
});
const crowd = (received: (minutesAgo: number) => number, cpu: number): readonly Series[] => [
  read(PROXY, "DatabaseConnections", since(10, 90, 350)),
  read(PROXY, "ClientConnectionsReceived", received),
  read(ARN.database, "CPUUtilization", since(10, 20, cpu)),
];
const table = resource(TABLE, "AWS::DynamoDB::Table", {
  attributes: { billingMode: "PROVISIONED", tableStatus: "ACTIVE", readCapacityUnits: 1000, writeCapacityUnits: 100 },
});
const throttled = (usedShare: number): readonly Series[] => [
  read(TABLE, "ReadThrottleEvents", (minutesAgo) => (minutesAgo <= 10 ? 900 * wobble(minutesAgo) : null)),
  read(TABLE, "ConsumedReadCapacityUnits", since(10, 30_000, 60_000 * usedShare)),
];
const cache = (replicaCount: number): Resource =>
  resource(CACHE, "AWS::ElastiCache::ReplicationGroup", {
    attributes: { status: "available", replicaCount, lastReplica: `shop-near-00${replicaCount + 1}` },
  });
const engine = (hits: (minutesAgo: number) => number): readonly Series[] => [
  read(CACHE, "EngineCPUUtilization", since(10, 30, 97)),
  read(CACHE, "CacheHits", hits),
];

const CASES: readonly (readonly [string, string, readonly Resource[], readonly Series[], string])[] = [
  [
    "rds-failover",
    "slow disks under an idle CPU are the host",
    [caller, database()],
    [...disk(slow, 20), ...failing],
    "strong",
  ],
  ["rds-failover", "slow disks that nobody feels are doubtful", [database()], disk(slow, 20), "doubtful"],
  [
    "rds-failover",
    "slow disks under a busy CPU are the work",
    [caller, database()],
    [...disk(slow, 90), ...failing],
    "doubtful",
  ],
  ["rds-failover", "fast disks are no reason", [caller, database()], [...disk(steady(0.0011), 20), ...failing], "none"],
  ["rds-failover", "without a standby there is nowhere to go", [database({ multiAz: false })], disk(slow, 20), "none"],
  ["rds-extend-storage", "little storage that shrinks fast will not last", [database()], [free(40, 0.5)], "strong"],
  [
    "rds-extend-storage",
    "a full database needs storage",
    [database({ status: "storage-full" })],
    [free(1, 0)],
    "strong",
  ],
  ["rds-extend-storage", "little storage that stays is doubtful", [database()], [free(10, 0)], "doubtful"],
  ["rds-extend-storage", "much storage that shrinks can wait", [database()], [free(90, 0.5)], "none"],
  [
    "rds-replica-reboot",
    "a lag without more to replay is held up",
    [replica, database()],
    lag(steady(80), 20),
    "strong",
  ],
  [
    "rds-replica-reboot",
    "a lag under more writes is load",
    [replica, database()],
    lag(since(10, 80, 300), 20),
    "doubtful",
  ],
  ["rds-replica-reboot", "a busy replica needs less work", [replica, database()], lag(steady(80), 95), "doubtful"],
  ["rds-replica-reboot", "a lag of the primary's own is nothing", [database()], lag(steady(80), 20), "none"],
  [
    "rds-proxy-limit-connections",
    "clients that reconnect to a busy database",
    [proxy, database()],
    crowd(since(10, 60, 600), 95),
    "strong",
  ],
  [
    "rds-proxy-limit-connections",
    "clients that stay connected are doubtful",
    [proxy, database()],
    crowd(steady(60), 95),
    "doubtful",
  ],
  [
    "rds-proxy-limit-connections",
    "a database with room takes them all",
    [proxy, database()],
    crowd(since(10, 60, 600), 40),
    "doubtful",
  ],
  ["dynamodb-capacity", "throttles with all units used are a lack of units", [table], throttled(0.98), "strong"],
  ["dynamodb-capacity", "throttles with units to spare are a hot partition", [table], throttled(0.5), "doubtful"],
  ["dynamodb-capacity", "full use without throttles is thrift", [table], throttled(0.98).slice(1), "none"],
  [
    "cache-add-replica",
    "an engine busy with hits needs a copy more",
    [cache(1)],
    engine(since(10, 5000, 12_000)),
    "strong",
  ],
  ["cache-add-replica", "an engine busy with something else is doubtful", [cache(1)], engine(steady(5000)), "doubtful"],
  [
    "cache-add-replica",
    "a group with two replicas is left to people",
    [cache(2)],
    engine(since(10, 5000, 12_000)),
    "none",
  ],
];

for (const [runbook, claim, resources, read, expected] of CASES) {
  test(`${runbook}: ${claim}`, () => {
    const context = contextWith({ resources, series: read });

    assert.equal(fitIn(context, runbook), expected);
  });
}

test("what did not help once in this incident is not suggested again", () => {
  const again = CASES.filter(([, , , , expected]) => expected === "strong").map(([runbook, , resources, read]) => {
    const tried = resources.map(({ arn }) => ({ step: 0, runbook, target: arn, outcome: "rolled-back" as const }));
    return fitIn(contextWith({ resources, series: read, tried }), runbook);
  });

  assert.ok(again.length >= 6 && again.every((fit) => fit === "none"), again.join());
});
