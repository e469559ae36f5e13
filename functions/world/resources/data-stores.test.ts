import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Json } from "../../core/json.ts";
import { answeredApis, call } from "../aws-api.ts";
import { flowNow, servedBy } from "../flow.ts";
import { scenarioWith } from "../scenario.ts";
import { MINUTE_MS, type ResourceState, stir, type World } from "../state.ts";
import { isHealthy } from "../truth.ts";
import { advance, configurationHash, createWorld } from "../world.ts";
import { isDynamoDbTable } from "./dynamodb-table.ts";
import { isEcsService } from "./ecs-deployments.ts";
import { isElastiCacheGroup } from "./elasticache-state.ts";
import { isRdsProxy } from "./rds-proxy.ts";
import { isRdsInstance, isRdsPrimary, isRdsReplica, poolsOf } from "./rds-state.ts";

const BY_HAND = { executionId: null, person: "tester" };

/** A healthy world of the topology that a fault needs, ten minutes after its clock began. */
const worldFor = (fault: string, index = 3): World => {
  const { topology } = scenarioWith(6, index, fault);
  const world = createWorld({ ...scenarioWith(6, index, "none", { topology }), benignChanges: [] });
  advance(world, world.clockStartMs + 10 * MINUTE_MS);
  return world;
};

const ask = (world: World, service: string, api: string, input: Record<string, Json>) => {
  const reply = call(world, BY_HAND, { service, api, input });
  return reply.ok ? JSON.parse(JSON.stringify(reply.output)) : reply.code;
};

const firstOf = <State extends ResourceState>(world: World, isOne: (state: ResourceState) => state is State): State => {
  const found = Object.values(world.resources).find(isOne);
  assert.ok(found !== undefined);
  return found;
};

const served = (world: World, arn: string) => {
  stir(world);
  const one = servedBy(world, flowNow(world), arn);
  assert.ok(one !== null);
  return one;
};

test("a failover leaves the host behind, a reboot in place does not, and both end every session", () => {
  const states = [true, false].map((ForceFailover) => {
    const world = worldFor("primary-degraded");
    const state = firstOf(world, isRdsPrimary);
    state.hostTrouble = 0.4;
    state.lockedShare = 0.5;
    state.leakedConnections = 100;

    ask(world, "rds", "RebootDBInstance", { DBInstanceIdentifier: state.name, ForceFailover });
    const wasHealthy = isHealthy(world);
    advance(world, world.nowMs + 10 * MINUTE_MS);

    return [wasHealthy, state.status, state.hostTrouble, state.lockedShare, state.leakedConnections];
  });

  assert.deepEqual(states, [
    [false, "available", 0, 0, 0],
    [false, "available", 0.4, 0, 0],
  ]);
});

test("storage only grows, is there after minutes, and cannot be changed again for six hours", () => {
  const world = worldFor("database-storage-filling");
  const state = firstOf(world, isRdsPrimary);
  const { allocatedStorage: before, name: DBInstanceIdentifier } = state;
  const modify = (AllocatedStorage: number) =>
    ask(world, "rds", "ModifyDBInstance", { DBInstanceIdentifier, AllocatedStorage, ApplyImmediately: true });

  const shrunk = modify(before - 10);
  const grown = modify(before * 2);
  const meanwhile = [state.status, state.allocatedStorage, isHealthy(world)];
  advance(world, world.nowMs + 7 * MINUTE_MS);
  const after = [state.status, state.allocatedStorage];
  advance(world, world.nowMs + 120 * MINUTE_MS);
  const again = modify(before * 3);

  assert.equal(shrunk, "InvalidParameterCombination");
  assert.equal(grown.DBInstance.DBInstanceStatus, "modifying");
  assert.deepEqual(meanwhile, ["modifying", before, true]);
  assert.deepEqual(after, ["storage-optimization", before * 2]);
  assert.equal(again, "InvalidParameterCombination");
});

test("a full disk stops the database, which cannot be rebooted and comes back with more storage", () => {
  const world = worldFor("database-storage-full");
  const state = firstOf(world, isRdsPrimary);
  const { name: DBInstanceIdentifier } = state;
  state.freeStorageGib = 0.0001;
  state.fillGibPerMinute = 1;

  advance(world, world.nowMs + 2 * MINUTE_MS);
  const status = state.status;
  const error = served(world, state.arn).errorRate;
  const rebooted = ask(world, "rds", "RebootDBInstance", { DBInstanceIdentifier });
  const AllocatedStorage = state.allocatedStorage + 100;
  ask(world, "rds", "ModifyDBInstance", { DBInstanceIdentifier, AllocatedStorage, ApplyImmediately: true });
  advance(world, world.nowMs + 7 * MINUTE_MS);

  assert.deepEqual([status, rebooted], ["storage-full", "InvalidDBInstanceState"]);
  assert.ok(error > 0.4);
  assert.ok(served(world, state.arn).errorRate < 0.01 && state.freeStorageGib > 90);
});

test("more tasks of its callers are more connections, and too many are refused", () => {
  const world = worldFor("database-overload-by-scale-out");
  const { arn } = Object.values(world.resources)
    .filter(isRdsPrimary)
    .find((one) => one.proxy === null && poolsOf(world.system, one.arn).callers.length > 0) ?? { arn: "" };
  const callers = poolsOf(world.system, arn).callers.map((caller) => world.resources[caller]);
  const before = served(world, arn);

  for (const caller of callers)
    if (caller !== undefined && isEcsService(caller)) for (const one of caller.deployments) one.runningCount *= 2;
  const doubled = served(world, arn);
  for (const caller of callers)
    if (caller !== undefined && isEcsService(caller)) for (const one of caller.deployments) one.runningCount *= 4;
  const many = served(world, arn);

  const connections = [before, doubled, many].map(({ gauges }) => gauges.connections ?? 0);
  assert.ok((connections[1] ?? 0) > 1.8 * (connections[0] ?? 0));
  assert.equal(connections[2], 400);
  assert.deepEqual([before.errorRate < 0.001, doubled.errorRate < 0.001, many.errorRate > 0.2], [true, true, true]);
});

test("a replica whose replay is held falls behind by a second a second, and catches up when it goes on", () => {
  const world = worldFor("replica-lag");
  const state = firstOf(world, isRdsReplica);
  state.isReplayHeld = true;

  advance(world, world.nowMs + 10 * MINUTE_MS);
  const behind = state.lagSeconds;
  const stale = served(world, state.arn).errorRate;
  state.isReplayHeld = false;
  advance(world, world.nowMs + 2 * MINUTE_MS);

  assert.ok(behind > 595 && behind < 605, `${behind} s`);
  assert.ok(stale > 0.3);
  assert.ok(state.lagSeconds < 1 && served(world, state.arn).errorRate < 0.001);
});

test("fewer connections through the proxy let a database breathe that is busy with logins", () => {
  const world = worldFor("connection-storm");
  const proxy = firstOf(world, isRdsProxy);
  const database = world.resources[proxy.database];
  assert.ok(database !== undefined && isRdsInstance(database));
  database.stormShare = 0.9;
  const stormy = served(world, proxy.arn);

  ask(world, "rds", "ModifyDBProxyTargetGroup", {
    DBProxyName: proxy.name,
    TargetGroupName: "default",
    ConnectionPoolConfig: { MaxConnectionsPercent: 50 },
  });
  advance(world, world.nowMs + 2 * MINUTE_MS);
  const limited = served(world, proxy.arn);

  assert.ok(stormy.errorRate > 0.1 && limited.errorRate < 0.01, `${stormy.errorRate} ${limited.errorRate}`);
  assert.ok((limited.gauges.held ?? 0) <= 200);
});

test("units that a table lacks are throttled, and a hot partition is throttled with units to spare", () => {
  const world = worldFor("dynamodb-throttled");
  const table = Object.values(world.resources)
    .filter(isDynamoDbTable)
    .find(({ billingMode }) => billingMode === "PROVISIONED");
  assert.ok(table !== undefined);
  const healthy = served(world, table.arn).errorRate;

  table.hotShare = 0.95;
  const hot = served(world, table.arn);
  table.hotShare = 0.02;
  table.readCapacityUnits = Math.ceil(table.readCapacityUnits / 3);
  const short = served(world, table.arn);

  assert.ok(healthy < 0.001 && hot.errorRate > 0.1 && short.errorRate > 0.1);
  assert.ok(hot.utilisation < 0.7 && short.utilisation > 1);
});

test("a table's new units hold once it is active again, and never more than its quota", () => {
  const world = worldFor("dynamodb-account-limit");
  const table = Object.values(world.resources)
    .filter(isDynamoDbTable)
    .find(({ billingMode }) => billingMode === "PROVISIONED");
  assert.ok(table !== undefined);
  const { readCapacityUnits: before, writeCapacityUnits: WriteCapacityUnits } = table;
  const update = (ReadCapacityUnits: number) =>
    ask(world, "dynamodb", "UpdateTable", {
      TableName: table.name,
      ProvisionedThroughput: { ReadCapacityUnits, WriteCapacityUnits },
    });

  const same = update(before);
  const beyond = update(table.quotaReadUnits + 1);
  update(before + 1);
  const busy = update(before + 2);
  const meanwhile = table.readCapacityUnits;
  advance(world, world.nowMs + 2 * MINUTE_MS);

  assert.deepEqual([same, beyond, busy], ["ValidationException", "LimitExceededException", "ResourceInUseException"]);
  assert.deepEqual([meanwhile, table.readCapacityUnits, table.status], [before, before + 1, "ACTIVE"]);
});

test("what a cache does not hold is asked of the store behind it, twenty times as much when it is cold", () => {
  const world = worldFor("cache-node-lost");
  const cache = firstOf(world, isElastiCacheGroup);
  const store = world.system.edges.find(({ from }) => from === cache.arn);
  assert.ok(store !== undefined);
  const warm = served(world, cache.arn);

  cache.warmth = 0;
  const cold = served(world, cache.arn);
  cache.halfLifeMinutes = 5;
  advance(world, world.nowMs + 60 * MINUTE_MS);

  assert.ok(Math.abs(warm.passed / warm.demand - 1) < 0.01);
  assert.ok(Math.abs(cold.passed / cold.demand - 20) < 0.5, `${cold.passed / cold.demand}`);
  assert.equal(cache.warmth, 1);
});

test("every further node of a cache takes its part of the load, and evictions stay whatever their number", () => {
  const world = worldFor("cache-hot-key");
  const cache = firstOf(world, isElastiCacheGroup);

  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4 }), fc.double({ min: 0.1, max: 0.9, noNaN: true }), (replicas, evicted) => {
      cache.replicaCount = replicas;
      cache.evictedShare = evicted;
      const few = served(world, cache.arn);
      cache.replicaCount = replicas + 1;
      const more = served(world, cache.arn);

      assert.ok(more.utilisation / more.demand < few.utilisation / few.demand);
      assert.ok(Math.abs(more.passed / more.demand - few.passed / few.demand) < 1e-9);
    }),
    { numRuns: 20 },
  );
});

test("replicas come and go within ten minutes, and only those that are there can be taken away", () => {
  const world = worldFor("cache-hot-key");
  const cache = firstOf(world, isElastiCacheGroup);
  const group = { ReplicationGroupId: cache.name, ApplyImmediately: true };
  const hash = configurationHash(world);

  const none = ask(world, "elasticache", "IncreaseReplicaCount", { ...group, NewReplicaCount: 1 });
  ask(world, "elasticache", "IncreaseReplicaCount", { ...group, NewReplicaCount: 2 });
  const busy = ask(world, "elasticache", "IncreaseReplicaCount", { ...group, NewReplicaCount: 3 });
  advance(world, world.nowMs + 11 * MINUTE_MS);
  const grown = cache.replicaCount;
  const stranger = ask(world, "elasticache", "DecreaseReplicaCount", { ...group, ReplicasToRemove: ["other-003"] });
  ask(world, "elasticache", "DecreaseReplicaCount", { ...group, ReplicasToRemove: [`${cache.name}-003`] });
  advance(world, world.nowMs + 11 * MINUTE_MS);

  assert.deepEqual(
    [none, busy, stranger],
    ["NoOperationFault", "InvalidReplicationGroupState", "InvalidParameterValue"],
  );
  assert.deepEqual([grown, cache.replicaCount, configurationHash(world)], [2, 1, hash]);
});

test("stores answer what they do not know with AWS's own error codes, and describing them changes nothing", () => {
  const world = worldFor("connection-storm");
  const before = JSON.stringify(world.resources);
  const cases: readonly (readonly [string, string, Record<string, Json>, string])[] = [
    ["rds", "ModifyDBInstance", { DBInstanceIdentifier: "nothing" }, "DBInstanceNotFound"],
    ["rds", "DescribeDBProxies", { DBProxyName: "nothing" }, "DBProxyNotFoundFault"],
    ["rds", "DescribeDBProxyTargetGroups", { DBProxyName: "nothing" }, "DBProxyNotFoundFault"],
    ["rds", "ModifyDBProxyTargetGroup", { DBProxyName: "nothing" }, "DBProxyNotFoundFault"],
    ["dynamodb", "DescribeTable", { TableName: "nothing" }, "ResourceNotFoundException"],
    ["dynamodb", "UpdateTable", { TableName: "nothing" }, "ResourceNotFoundException"],
    ["elasticache", "DescribeReplicationGroups", { ReplicationGroupId: "nothing" }, "ReplicationGroupNotFoundFault"],
    ["elasticache", "IncreaseReplicaCount", { ReplicationGroupId: "nothing" }, "ReplicationGroupNotFoundFault"],
  ];

  const codes = cases.map(([service, api, input]) => ask(world, service, api, input));

  assert.deepEqual(
    codes,
    cases.map(([, , , code]) => code),
  );
  assert.ok(cases.every(([service, api]) => answeredApis().includes(`${service}:${api}`)));
  assert.equal(JSON.stringify(world.resources), before);
});
