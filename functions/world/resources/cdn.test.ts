import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { metricOf } from "../metric-ref.ts";
import { metricValues } from "../metrics.ts";
import { MINUTE_MS, stir, type World } from "../state.ts";
import { configurationHash } from "../world.ts";
import { isApiStage } from "./api-gateway-stage.ts";
import { expire, fillUp, forget, fullCache, serveCached } from "./cdn-cache.ts";
import { isCachePolicy } from "./cdn-cache-policy.ts";
import { cacheOf, isDistribution } from "./cdn-distribution.ts";
import { isEcsService } from "./ecs-deployments.ts";
import { ask, minutesLater, servedNow, serverlessWorld, stateOf } from "./serverless.fixture.ts";

const distributionOf = (world: World) => stateOf(world, isDistribution);
const stageOf = (world: World) => stateOf(world, isApiStage);
const originOf = (world: World) => servedNow(world, stateOf(world, isEcsService));
const EVERYTHING = { Paths: { Quantity: 1, Items: ["/*"] } };

/** The mean of a metric's last five readable minutes. */
const read = (world: World, arn: string, name: string, stat: string): number => {
  const values = metricValues(world, metricOf(world.system, arn, name, stat), world.nowMs - 6 * MINUTE_MS, world.nowMs);
  return values.reduce<number>((sum, value) => sum + (value ?? 0), 0) / values.length;
};

test("a cache passes on what it does not hold, and neither more than all nor less than what it may not hold", () => {
  const shares = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(fc.double({ min: 0.1, max: 5, noNaN: true }), shares, shares, (cacheable, fill, spoiled) => {
      const cache = { ...fullCache(cacheable), fill, spoiled };

      const { passed, errorRate } = serveCached(cache, { demand: 100, dependencies: [] });

      assert.ok(passed >= 100 - 1e-9 && passed <= 100 * (1 + cacheable) + 1e-9);
      assert.ok(errorRate >= 0 && errorRate <= fill * spoiled + 0.001);
    }),
  );
});

test("misses fill a cache up to its ceiling, the slower the more of them fail", () => {
  const filledIn = (originErrors: number, ceiling: number): readonly number[] => {
    const cache = { ...fullCache(2), ceiling };
    forget(cache);
    const served = { ...serveCached(cache, { demand: 10, dependencies: [] }), gauges: { originErrors } };
    return Array.from({ length: 60 }, () => {
      fillUp(cache, served, MINUTE_MS);
      return cache.fill;
    });
  };

  const [well, failing, split] = [filledIn(0, 1), filledIn(0.8, 1), filledIn(0, 0.3)];

  assert.ok(well.every((fill, minute) => fill >= (failing[minute] ?? 0)));
  assert.deepEqual([well.at(-1), split.at(-1)], [1, 0.3]);
  assert.ok((failing.at(-1) ?? 0) < 1);
});

test("what expires is what was wrong in it", () => {
  const cache = { ...fullCache(2), spoiled: 0.25 };

  expire(cache);

  assert.deepEqual([cache.fill, cache.spoiled], [0.75, 0]);
});

test("an invalidation ends cached errors and gives the origin everything, until the cache is full again", () => {
  const world = serverlessWorld();
  const { arn, distributionId } = distributionOf(world);
  const hash = configurationHash(world);
  const usual = originOf(world).demand;
  cacheOf(world, distributionOf(world)).spoiled = 0.5;
  stir(world);
  minutesLater(world, 8);
  const wrong = read(world, arn, "5xxErrorRate", "Average");

  const made = ask(world, "cloudfront", "CreateInvalidation", {
    DistributionId: distributionId,
    InvalidationBatch: { ...EVERYTHING, CallerReference: "one" },
  });
  const emptied = originOf(world).demand;
  const state = () =>
    ask(world, "cloudfront", "GetInvalidation", { DistributionId: distributionId, Id: made.Invalidation.Id });
  const early = state().Invalidation.Status;
  minutesLater(world, 60);

  assert.ok(wrong > 25, `${wrong} %`);
  assert.ok(emptied > 2 * usual, `${emptied} instead of ${usual}`);
  assert.deepEqual([early, state().Invalidation.Status], ["InProgress", "Completed"]);
  assert.ok(read(world, arn, "5xxErrorRate", "Average") < 1 && originOf(world).demand < 1.3 * usual);
  assert.equal(configurationHash(world), hash);
});

test("a batch with a reference that was seen before is the batch of that time", () => {
  const world = serverlessWorld();
  const { distributionId: DistributionId } = distributionOf(world);
  const invalidate = (CallerReference: string) =>
    ask(world, "cloudfront", "CreateInvalidation", {
      DistributionId,
      InvalidationBatch: { ...EVERYTHING, CallerReference },
    });

  const [first, same, other] = [invalidate("a"), invalidate("a"), invalidate("b")];
  const { InvalidationList } = ask(world, "cloudfront", "ListInvalidations", { DistributionId });
  const { Distribution } = ask(world, "cloudfront", "GetDistribution", { Id: DistributionId });

  assert.equal(first.Invalidation.Id, same.Invalidation.Id);
  assert.equal(InvalidationList.Items[0].Id, other.Invalidation.Id);
  assert.equal(Distribution.InProgressInvalidationBatches, 2);
});

test("what CloudFront does not know it says by its own codes", () => {
  const world = serverlessWorld();
  const { distributionId: DistributionId } = distributionOf(world);

  const answers = [
    ask(world, "cloudfront", "GetDistribution", { Id: "E0" }),
    ask(world, "cloudfront", "GetInvalidation", { DistributionId, Id: "I0" }),
    ask(world, "cloudfront", "CreateInvalidation", { DistributionId, InvalidationBatch: {} }),
    ask(world, "apigateway", "GetStage", { restApiId: "0", stageName: "prod" }),
  ];

  assert.deepEqual(answers, ["NoSuchDistribution", "NoSuchInvalidation", "InvalidArgument", "NotFoundException"]);
});

test("stale answers show as refusals, and a flush ends them", () => {
  const world = serverlessWorld();
  const { arn, restApiId, stageName, cache } = stageOf(world);
  const usual = read(world, arn, "4XXError", "Sum");
  cache.spoiled = 0.5;
  stir(world);
  minutesLater(world, 8);
  const stale = read(world, arn, "4XXError", "Sum");

  ask(world, "apigateway", "FlushStageCache", { restApiId, stageName });
  const flushing = ask(world, "apigateway", "GetStage", { restApiId, stageName }).cacheClusterStatus;
  const hits = servedNow(world, stageOf(world)).gauges.hits;
  minutesLater(world, 40);

  assert.ok(stale > 10 * usual, `${usual} ${stale}`);
  assert.deepEqual([flushing, hits], ["FLUSH_IN_PROGRESS", 0]);
  assert.ok(read(world, arn, "4XXError", "Sum") < 1.5 * usual);
  assert.equal(ask(world, "apigateway", "GetStage", { restApiId, stageName }).cacheClusterStatus, "AVAILABLE");
  assert.ok(read(world, arn, "CacheHitCount", "Sum") > 0);
});

test("a stranger's requests are refused and counted, and no user is hurt", () => {
  const world = serverlessWorld();
  const { arn } = stageOf(world);
  const before = [servedNow(world, stageOf(world)).errorRate, read(world, arn, "Count", "Sum")];

  stageOf(world).probesPerSecond = 100;
  stir(world);
  minutesLater(world, 8);

  assert.equal(servedNow(world, stageOf(world)).errorRate, before[0]);
  assert.ok(read(world, arn, "4XXError", "Sum") > 5000);
  assert.ok(read(world, arn, "Count", "Sum") > (before[1] ?? 0) + 4000);
});

test("a lost cache overloads its origin, and the paths to other services stay as busy as they were", () => {
  const world = serverlessWorld();
  const before = { origin: originOf(world).utilisation, front: servedNow(world, distributionOf(world)).passed };

  forget(stateOf(world, isCachePolicy).cache);
  stir(world);

  const front = servedNow(world, distributionOf(world));
  assert.ok(originOf(world).utilisation > 2 * before.origin && front.errorRate > 0.1);
  assert.equal(front.passed, before.front);
});
