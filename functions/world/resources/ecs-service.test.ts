import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Json } from "../../core/json.ts";
import { call } from "../aws-api.ts";
import { flowNow, servedBy } from "../flow.ts";
import { releaseCode } from "../releases.ts";
import { resourcesOfKind } from "../resource-type.ts";
import { scenarioWith } from "../scenario.ts";
import { MINUTE_MS, stir, type World } from "../state.ts";
import { isHealthy } from "../truth.ts";
import { advance, configurationHash, createWorld } from "../world.ts";
import { resize } from "./auto-scaling-fleet.ts";
import { capacityGroupOf, isEcsCluster, roomOf } from "./ecs-cluster.ts";
import {
  type EcsService,
  isDeploying,
  isEcsService,
  loseTasks,
  placedCount,
  primaryOf,
  runningCount,
} from "./ecs-deployments.ts";

const BY_HAND = { executionId: null, person: "tester" };

/** A world without its fault, whose scenario brings an ECS service that users reach first, and the service. */
const served = (): Readonly<{ world: World; service: EcsService }> => {
  const scenario = scenarioWith(8, 2, "traffic-saturation", { services: 6 });
  const world = createWorld({ ...scenario, faults: [], benignChanges: [] });
  advance(world, world.clockStartMs + 10 * MINUTE_MS);
  const service = world.resources[String(scenario.faults[0]?.parameters.arn)];
  if (service === undefined || !isEcsService(service)) throw new Error("the scenario names no ECS service");
  return { world, service };
};

const update = (world: World, { cluster, name }: EcsService, change: Record<string, Json>): void => {
  call(world, BY_HAND, { service: "ecs", api: "UpdateService", input: { cluster, service: name, ...change } });
};

const now = (world: World, { arn }: EcsService) => {
  stir(world);
  return servedBy(world, flowNow(world), arn);
};

test("a forced deployment replaces tasks that hang or have leaked, and the configuration stays", () => {
  const { world, service } = served();
  const hash = configurationHash(world);
  const primary = primaryOf(service);
  primary.leaked = 0.7;
  primary.stuckCount = service.desiredCount / 2;
  const before = now(world, service);

  update(world, service, { forceNewDeployment: true });
  advance(world, world.nowMs + 10 * MINUTE_MS);

  const after = now(world, service);
  assert.ok((before?.errorRate ?? 0) >= 0.5 && (after?.errorRate ?? 1) < 0.01);
  assert.ok((before?.gauges.memory ?? 0) > 0.8 && (after?.gauges.memory ?? 1) < 0.5);
  assert.deepEqual([isDeploying(service), service.deployments.length, configurationHash(world)], [false, 1, hash]);
});

test("never fewer tasks than wanted run while a good version is deployed, and never more than twice as many", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 8 }), fc.boolean(), (desiredCount, isNew) => {
      const { world, service } = served();
      update(world, service, { desiredCount });
      advance(world, world.nowMs + 10 * MINUTE_MS);
      const seen: number[] = [];

      if (isNew) releaseCode(world, service.arn, null);
      else update(world, service, { forceNewDeployment: true });
      for (let step = 0; step < 120; step += 1) {
        advance(world, world.nowMs + 5_000);
        seen.push(runningCount(service));
      }

      assert.equal(isDeploying(service), false);
      assert.ok(Math.min(...seen) >= desiredCount && Math.max(...seen) <= 2 * desiredCount);
    }),
    { numRuns: 15 },
  );
});

test("a task runs no earlier than it can have started, whatever starts were cancelled before it", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 0, max: 24 }), (more, seconds) => {
      const { world, service } = served();
      const { desiredCount } = service;
      update(world, service, { desiredCount: desiredCount + more });
      advance(world, world.nowMs + seconds * 1000);
      update(world, service, { desiredCount });

      update(world, service, { desiredCount: desiredCount + more });
      advance(world, world.nowMs + 24_000);
      const early = runningCount(service);
      advance(world, world.nowMs + 10 * MINUTE_MS);

      assert.deepEqual([early, runningCount(service)], [desiredCount, desiredCount + more]);
    }),
    { numRuns: 15 },
  );
});

test("a version none of whose tasks starts leaves those that run alone, and what dies of them is not replaced", () => {
  const { world, service } = served();
  const { desiredCount } = service;
  releaseCode(world, service.arn, null);
  const { taskDefinition } = primaryOf(service);
  const released = service.taskDefinitions[taskDefinition];
  if (released !== undefined) service.taskDefinitions[taskDefinition] = { ...released, healthyShare: 0 };

  advance(world, world.nowMs + 20 * MINUTE_MS);
  const kept = runningCount(service);
  loseTasks(world, service, 2);
  advance(world, world.nowMs + 20 * MINUTE_MS);

  assert.deepEqual([kept, runningCount(service)], [desiredCount, desiredCount - 2]);
  assert.equal(isDeploying(service), true);
  assert.ok(primaryOf(service).failedTasks > 5);
});

test("a cluster never places more tasks than it has room for, and new instances take in those that wait", () => {
  const { world, service } = served();
  const [cluster] = resourcesOfKind(world, isEcsCluster).filter(({ arn }) => arn === service.cluster);
  if (cluster === undefined) throw new Error("the service has no cluster");
  const placed = (): number =>
    resourcesOfKind(world, isEcsService)
      .filter((one) => one.cluster === cluster.arn)
      .reduce((sum, one) => sum + placedCount(one), 0);
  const instances = capacityGroupOf(world, cluster);
  resize(world, instances, Math.ceil(placed() / cluster.tasksPerInstance) + 1);
  const wanted = service.desiredCount + 20;

  update(world, service, { desiredCount: wanted });
  advance(world, world.nowMs + 20 * MINUTE_MS);
  const short = [placed() <= roomOf(world, cluster.arn), runningCount(service) < wanted];
  resize(world, instances, instances.desiredCapacity + 20);
  advance(world, world.nowMs + 20 * MINUTE_MS);

  assert.deepEqual(short, [true, true]);
  assert.equal(runningCount(service), wanted);
});

test("memory that leaks ends in errors, which new tasks do not have at first", () => {
  const { world, service } = served();
  const { taskDefinition } = primaryOf(service);
  const leaking = service.taskDefinitions[taskDefinition];
  if (leaking !== undefined) service.taskDefinitions[taskDefinition] = { ...leaking, leakPerMinute: 1 / 60 };

  advance(world, world.nowMs + 30 * MINUTE_MS);
  const half = now(world, service);
  advance(world, world.nowMs + 35 * MINUTE_MS);
  const full = now(world, service);
  update(world, service, { forceNewDeployment: true });
  advance(world, world.nowMs + 10 * MINUTE_MS);

  assert.ok((half?.gauges.memory ?? 0) > 0.65 && (half?.errorRate ?? 1) < 0.01);
  assert.ok((full?.gauges.memory ?? 0) > 0.99 && (full?.errorRate ?? 0) > 0.5);
  assert.ok((now(world, service)?.errorRate ?? 1) < 0.01);
});

test("a storm of repeated requests lasts by itself, and ends with room for all of them or with new tasks", () => {
  const { world, service } = served();
  service.amplification = 2.6;
  stir(world);

  advance(world, world.nowMs + 60 * MINUTE_MS);
  const lasting = [service.amplification > 1, isHealthy(world)];
  update(world, service, { desiredCount: service.desiredCount * 2 });
  advance(world, world.nowMs + 15 * MINUTE_MS);
  const calm = [service.amplification, isHealthy(world)];
  service.amplification = 2.6;
  update(world, service, { forceNewDeployment: true });

  assert.deepEqual(lasting, [true, false]);
  assert.deepEqual([...calm, service.amplification], [1, true, 1]);
});

test("clients that connect anew are served within the hour, and a restart calls them all again", () => {
  const { world, service } = served();
  service.herd = { size: 3, now: 3, halvesInMinutes: 5 };
  stir(world);

  const during = isHealthy(world);
  advance(world, world.nowMs + 60 * MINUTE_MS);
  const calm = [service.herd.now, isHealthy(world)];
  update(world, service, { forceNewDeployment: true });

  assert.equal(during, false);
  assert.deepEqual(calm, [0, true]);
  assert.deepEqual([service.herd.now, isHealthy(world)], [3, false]);
});

test("where tasks share too few connections, more tasks fail more", () => {
  const { world, service } = served();
  service.pooledTasks = service.desiredCount * 0.8;
  const before = now(world, service)?.errorRate ?? 0;

  update(world, service, { desiredCount: service.desiredCount * 2 });
  advance(world, world.nowMs + 10 * MINUTE_MS);

  const after = now(world, service)?.errorRate ?? 0;
  assert.ok(Math.abs(before - 0.2) < 0.01 && Math.abs(after - 0.6) < 0.01, `${before}, then ${after}`);
});
