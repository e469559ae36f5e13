import assert from "node:assert/strict";
import { test } from "node:test";
import type { Series } from "../../functions/core/evidence.ts";
import { scenarioWith } from "../../functions/world/scenario.ts";
import { advance, createWorld } from "../../functions/world/world.ts";
import { contextWith, minutes, resource, series } from "../context.fixture.ts";
import { runbookContract } from "../contract.ts";
import { textOf } from "../facts.ts";
import { resourceWith } from "../resource.fixture.ts";
import { apiStageCacheFlush } from "./runbook.ts";

const world = createWorld(scenarioWith(7, 3, "api-stage-cache-stale"));
advance(world, world.scenario.onsetMs - 60_000);
const target = resourceWith(world, "AWS::ApiGateway::Stage", "restApiId");
const restApiId = textOf(target, "restApiId") ?? "";
const stageName = textOf(target, "stageName") ?? "";

runbookContract(apiStageCacheFlush, {
  world,
  target: target.arn,
  params: { RestApiId: restApiId, StageName: stageName },
  spoil: { service: "apigateway", api: "FlushStageCache", input: { restApiId, stageName } },
  shows: {
    call: { service: "apigateway", api: "GetStage", input: { restApiId, stageName } },
    selector: "$.cacheClusterStatus",
    value: "FLUSH_IN_PROGRESS",
  },
  changes: ["apigateway:FlushStageCache"],
});

const since = (before: number, after: number) => minutes(60, (minutesAgo) => (minutesAgo <= 12 ? after : before));
const fitWith = (asked: readonly (number | null)[], more: readonly Series[] = []): number | undefined => {
  const attributes = { restApiId, stageName, cacheClusterStatus: "AVAILABLE" };
  const resources = [resource(target.arn, "AWS::ApiGateway::Stage", { attributes })];
  const seen = [
    series(target.arn, "4XXError", since(100, 3000)),
    series(target.arn, "Count", asked),
    series(target.arn, "CacheHitCount", since(9000, 9000)),
  ];
  return apiStageCacheFlush.suits(contextWith({ resources, series: [...seen, ...more] }))[0]?.fit;
};

test("many refusals among as many requests as ever are a strong match, among many more requests a doubtful one", () => {
  const fits = [fitWith(since(20_000, 20_100)), fitWith(since(20_000, 26_000))];

  assert.ok((fits[0] ?? 0) > 0.7 && (fits[1] ?? 1) < 0.45, `${fits}`);
});

test("a stage that fails by itself is not made well by an empty cache", () => {
  const fit = fitWith(since(20_000, 20_100), [series(target.arn, "5XXError", since(2, 5000))]);

  assert.ok((fit ?? 1) < 0.45, `${fit}`);
});
