import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { answeredApis, call } from "../aws-api.ts";
import { flowNow, servedBy } from "../flow.ts";
import { metricOf } from "../metric-ref.ts";
import { metricValues } from "../metrics.ts";
import { MINUTE_MS, schedule, stir, type World } from "../state.ts";
import { isHealthy } from "../truth.ts";
import { advance } from "../world.ts";
import { type EcsService, isEcsService } from "./ecs-deployments.ts";
import { edgeWorld } from "./edge-topology.fixture.ts";
import { type ExternalApi, isExternalApi } from "./external-api.ts";

const providerOf = (world: World): ExternalApi => {
  const found = Object.values(world.resources).find(isExternalApi);
  if (found === undefined) throw new Error("this world has a provider");
  return found;
};

const clientOf = (world: World): EcsService => {
  const found = Object.values(world.resources)
    .filter(isEcsService)
    .find(({ service }) => service === "stock");
  if (found === undefined) throw new Error("stock runs on ECS");
  return found;
};

const failing = (world: World): number => {
  stir(world);
  return servedBy(world, flowNow(world), providerOf(world).arn)?.errorRate ?? 0;
};

const update = (world: World, more: Record<string, number | boolean>): void => {
  const { cluster, name } = clientOf(world);
  call(
    world,
    { executionId: null, person: "tester" },
    {
      service: "ecs",
      api: "UpdateService",
      input: { cluster, service: name, ...more },
    },
  );
  advance(world, world.nowMs + 15 * MINUTE_MS);
};

test("over its quota a provider answers 429 to the excess, and the retries of it make the excess larger", () => {
  fc.assert(
    fc.property(fc.double({ min: 0.2, max: 0.9, noNaN: true }), (share) => {
      const world = edgeWorld();
      const demand = servedBy(world, flowNow(world), providerOf(world).arn)?.demand ?? 0;

      providerOf(world).quotaPerSecond = demand * share;
      const refused = failing(world);

      const now = servedBy(world, flowNow(world), providerOf(world).arn);
      assert.ok(refused > 1 - share, `${refused} are refused`);
      assert.ok((now?.demand ?? 0) > demand * 1.05);
      assert.ok((now?.gauges.throttled ?? 0) > 0);
    }),
    { numRuns: 20 },
  );
});

test("what each task asks by itself counts against the quota, so more tasks leave less for users", () => {
  const world = edgeWorld();
  const { arn, desiredCount } = clientOf(world);
  Object.assign(providerOf(world), { client: arn, pollsPerTask: 10, quotaPerSecond: 50 + 8 * desiredCount });
  const before = failing(world);

  update(world, { desiredCount: desiredCount * 2 });

  assert.ok(before > 0 && failing(world) > before + 0.1);
});

test("tasks beyond the sessions that a provider gives wait for one in vain", () => {
  const world = edgeWorld();
  const { arn, desiredCount } = clientOf(world);
  const provider = providerOf(world);

  provider.client = arn;
  const shares = [null, desiredCount, desiredCount / 2].map((mostSessions) => {
    provider.mostSessions = mostSessions;
    return Math.round(failing(world) * 100) / 100;
  });

  assert.deepEqual(shares, [0, 0, 0.5]);
});

test("a restart cures who holds an old key, and spreads a wrong one to every task", () => {
  const results = (["started-before", "started-since"] as const).map((tasks) => {
    const world = edgeWorld();
    const { arn, tasksStarted } = clientOf(world);
    Object.assign(providerOf(world), { client: arn, refusedKeys: { tasks, tasksStarted, share: 0.4 } });
    const before = failing(world);
    update(world, { forceNewDeployment: true });
    return [before, failing(world)].map((share) => Math.round(share * 10) / 10);
  });

  assert.deepEqual(results, [
    [0.4, 0],
    [0.4, 1],
  ]);
});

test("while nobody reports, its metrics have no datapoints, and users notice nothing", () => {
  const world = edgeWorld();
  const { arn } = providerOf(world);
  const silentMs = world.nowMs;

  providerOf(world).isReporting = false;
  stir(world);
  schedule(world, silentMs + 20 * MINUTE_MS, { kind: "resource", arn, what: "reports-again", subject: "" });
  advance(world, silentMs + 10 * MINUTE_MS);
  const wasHealthy = isHealthy(world);
  advance(world, silentMs + 40 * MINUTE_MS);

  const values = ["Requests", "Errors", "Latency"].map((name) =>
    metricValues(
      world,
      metricOf(world.system, arn, name, name === "Latency" ? "Average" : "Sum"),
      silentMs + MINUTE_MS,
      silentMs + 19 * MINUTE_MS,
    ),
  );
  const later = metricValues(
    world,
    metricOf(world.system, arn, "Latency", "Average"),
    silentMs + 25 * MINUTE_MS,
    world.nowMs,
  );
  assert.equal(wasHealthy, true);
  assert.ok(values.flat().every((value) => value === null));
  assert.ok(later.some((value) => value !== null));
});

test("no API of the world acts on a provider", () => {
  assert.deepEqual(
    answeredApis().filter((api) => api.startsWith("events:")),
    [],
  );
});
