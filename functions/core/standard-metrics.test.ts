import assert from "node:assert/strict";
import { test } from "node:test";
import { resourceWith } from "./example.fixture.ts";
import { standardMetrics } from "./standard-metrics.ts";

const zones = (letters: string): Readonly<Record<string, string>> =>
  Object.fromEntries([...letters].map((letter, index) => [`us-east-1${letter}`, `use1-az${index + 1}`]));
const zonesAsked = (letters: string): readonly (string | undefined)[] =>
  standardMetrics(
    resourceWith({
      arn: "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/1",
      type: "AWS::ElasticLoadBalancingV2::TargetGroup",
      attributes: { loadBalancer: "app/web/2", ...zones(letters) },
    }),
  )
    .filter(({ dimensions }) => "AvailabilityZone" in dimensions)
    .map(({ dimensions }) => dimensions.AvailabilityZone);

test("a target group's errors are read of every zone that its load balancer stands in", () => {
  for (const letters of ["abc", "abcd", "abcdef"])
    assert.deepEqual(zonesAsked(letters), Object.keys(zones(letters)), letters);
});

test("three zones are asked for by place even where there are fewer, and no more than there are beyond them", () => {
  assert.deepEqual(zonesAsked("ab"), ["us-east-1a", "us-east-1b", ""]);
  assert.deepEqual(zonesAsked(""), ["", "", ""]);
});
