import assert from "node:assert/strict";
import { test } from "node:test";
import type { Series } from "../../functions/core/evidence.ts";
import { scenarioWith } from "../../functions/world/scenario.ts";
import { advance, createWorld } from "../../functions/world/world.ts";
import { contextWith, minutes, resource, series } from "../context.fixture.ts";
import { runbookContract } from "../contract.ts";
import { textOf } from "../facts.ts";
import { resourceWith } from "../resource.fixture.ts";
import { cdnInvalidate } from "./runbook.ts";

const world = createWorld(scenarioWith(7, 3, "cdn-cached-errors"));
advance(world, world.scenario.onsetMs - 60_000);
const target = resourceWith(world, "AWS::CloudFront::Distribution", "distributionId");
const id = textOf(target, "distributionId") ?? "";
const everything = { Paths: { Quantity: 1, Items: ["/*"] }, CallerReference: "by-hand" };

runbookContract(cdnInvalidate, {
  world,
  target: target.arn,
  params: { DistributionId: id },
  spoil: {
    service: "cloudfront",
    api: "CreateInvalidation",
    input: { DistributionId: id, InvalidationBatch: everything },
  },
  shows: {
    call: { service: "cloudfront", api: "GetDistribution", input: { Id: id } },
    selector: "$.Distribution.InProgressInvalidationBatches",
    value: "1",
  },
  changes: ["cloudfront:CreateInvalidation"],
});

const since = (before: number, after: number) => minutes(60, (minutesAgo) => (minutesAgo <= 12 ? after : before));
const fitWith = (errors: number, hits: number): number | undefined => {
  const attributes = { distributionId: id, inProgressInvalidationBatches: 0 };
  const resources = [resource(target.arn, "AWS::CloudFront::Distribution", { attributes })];
  const seen: readonly Series[] = [
    series(target.arn, "5xxErrorRate", since(0.01, errors)),
    series(target.arn, "CacheHitRate", since(75, hits)),
  ];
  return cdnInvalidate.suits(contextWith({ resources, series: seen }))[0]?.fit;
};

test("errors while the cache answers as much as ever are a strong match, while it is being lost a doubtful one", () => {
  const fits = [fitWith(20, 75), fitWith(20, 20)];

  assert.ok((fits[0] ?? 0) > 0.7 && (fits[1] ?? 1) < 0.45, `${fits}`);
});

test("a distribution without errors gets no suggestion", () => {
  assert.equal(fitWith(0.02, 75), undefined);
});
