import assert from "node:assert/strict";
import { test } from "node:test";
import type { MetricRef } from "../../core/alarm.ts";
import type { Resource } from "../../core/evidence.ts";
import { resourceWith } from "../../core/example.fixture.ts";
import { standardMetrics } from "../../core/standard-metrics.ts";
import { resourcesOf } from "../../world/graph.ts";
import { scenarioWith } from "../../world/scenario.ts";
import { createWorld } from "../../world/world.ts";
import { simulatedEvidence } from "../simulated/evidence.ts";
import { resourceOfMetric } from "./metric-resource.ts";

const PLACE = { account: "123456789012", region: "eu-west-1" };
const arn = (service: string, path: string): string => `arn:aws:${service}:eu-west-1:123456789012:${path}`;

const ALIAS = arn("lambda", "function:orders:live");
const GROUP = arn("elasticache", "replicationgroup:carts");
const TARGETS = arn("elasticloadbalancing", "targetgroup/api/2");
const FLEET = arn("autoscaling", "autoScalingGroup:1234:autoScalingGroupName/web");
const resources: readonly Resource[] = [
  resourceWith(),
  resourceWith({ arn: ALIAS, type: "AWS::Lambda::Alias", name: "orders", root: arn("lambda", "function:orders") }),
  resourceWith({ arn: arn("sqs", "orders"), type: "AWS::SQS::Queue", name: "orders", root: arn("sqs", "orders") }),
  resourceWith({ arn: GROUP, type: "AWS::ElastiCache::ReplicationGroup", name: "carts", root: GROUP }),
  resourceWith({ arn: FLEET, type: "AWS::AutoScaling::AutoScalingGroup", name: "web", root: FLEET }),
  resourceWith({
    ...{ arn: TARGETS, type: "AWS::ElasticLoadBalancingV2::TargetGroup", name: "api", root: TARGETS },
    attributes: { loadBalancer: "app/api/1" },
  }),
  ...["one", "two"].map((name) =>
    resourceWith({
      arn: arn("rds", `db:${name}`),
      type: "AWS::RDS::DBInstance",
      name,
      root: arn("rds", "cluster:main"),
    }),
  ),
];
const named = (namespace: string, dimensions: MetricRef["dimensions"]): string | null =>
  resourceOfMetric(resources, PLACE)({ namespace, metricName: "Any", dimensions, stat: "Sum", periodSeconds: 60 });

test("every standard metric of the simulated cloud is given to the resource to which the simulated cloud gives it", async () => {
  const world = createWorld(scenarioWith(3, 0, "none"));
  const all = resourcesOf(world, Object.keys(world.resources));
  // A metric without dimensions is the account's, which no graph holds.
  const metrics = all.flatMap(standardMetrics).filter(({ dimensions }) => Object.keys(dimensions).length > 0);

  const given = metrics.map(resourceOfMetric(all, world));

  const simulated = await simulatedEvidence(world).metrics(metrics, world.nowMs, world.nowMs);
  assert.ok(new Set(given).size > 8);
  assert.deepEqual(
    given,
    simulated.map(({ arn: known }) => known),
  );
});

test("a metric that narrows a resource down is that resource's", () => {
  const zone = { LoadBalancer: "app/api/1", TargetGroup: "targetgroup/api/2", AvailabilityZone: "eu-west-1a" };
  const canary = { FunctionName: "orders", Resource: "orders:live", ExecutedVersion: "7" };

  const given = [
    named("AWS/ApplicationELB", zone),
    named("AWS/Lambda", canary),
    named("AWS/ElastiCache", { CacheClusterId: "carts-002", CacheNodeId: "0001" }),
    named("ECS/ContainerInsights", { ClusterName: "main", ServiceName: "api", TaskDefinitionFamily: "api" }),
    named("AWS/AutoScaling", { AutoScalingGroupName: "web" }),
  ];

  assert.deepEqual(given, [TARGETS, ALIAS, GROUP, resourceWith().arn, FLEET]);
});

test("a whole of which one part is known is given to that part, and to none where there are two", () => {
  const given = [
    named("AWS/Lambda", { FunctionName: "orders" }),
    named("AWS/RDS", { DBClusterIdentifier: "main" }),
    named("AWS/RDS", { DBInstanceIdentifier: "two" }),
  ];

  assert.deepEqual(given, [ALIAS, null, arn("rds", "db:two")]);
});

test("what no known resource is named by is given to none", () => {
  const given = [
    named("AWS/SQS", { QueueName: "invoices" }),
    named("AWS/ECS", { ClusterName: "main" }),
    named("AWS/Lambda", {}),
    named("Custom", { Shop: "orders" }),
  ];

  assert.deepEqual(given, [null, null, null, null]);
});
