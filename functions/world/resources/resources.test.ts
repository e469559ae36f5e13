import assert from "node:assert/strict";
import { test } from "node:test";
import type { Json } from "../../core/json.ts";
import { answeredApis, call } from "../aws-api.ts";
import { resourcesOf } from "../graph.ts";
import { shopArns, shopWith } from "../small-system.fixture.ts";
import { MINUTE_MS, type World } from "../state.ts";
import { impactMinutes, isHealthy } from "../truth.ts";
import { advance, configurationHash, createWorld } from "../world.ts";
import { roomOf } from "./ecs-cluster.ts";

const BY_HAND = { executionId: null, person: "tester" };

/** A healthy shop with room to look at. */
const healthyWorld = (): World => {
  const world = createWorld(shopWith(6, 6));
  advance(world, world.clockStartMs + 10 * MINUTE_MS);
  return world;
};

const ask = (world: World, service: string, api: string, input: Record<string, Json>) => {
  const reply = call(world, BY_HAND, { service, api, input });
  return reply.ok ? JSON.parse(JSON.stringify(reply.output)) : reply.code;
};

const FRONT = { cluster: "shop-prod", service: "shop-web" };

const showFront = (world: World) => {
  const { cluster, service } = FRONT;
  return ask(world, "ecs", "DescribeServices", { cluster, services: [service] }).services[0];
};

const attributesOf = (world: World, arn: string) => resourcesOf(world, [arn])[0]?.attributes ?? {};

test("a deployment replaces the tasks over minutes and never runs fewer than desired", () => {
  const world = healthyWorld();
  const before = showFront(world);
  const lower: number[] = [];

  ask(world, "ecs", "UpdateService", { ...FRONT, forceNewDeployment: true });
  const during = showFront(world);
  const startMs = world.nowMs;
  while (showFront(world).deployments.length > 1 && world.nowMs < startMs + 20 * MINUTE_MS) {
    advance(world, world.nowMs + 1000);
    lower.push(showFront(world).runningCount);
  }
  const after = showFront(world);

  assert.deepEqual(
    during.deployments.map((one: { rolloutState: string }) => one.rolloutState),
    ["IN_PROGRESS", "COMPLETED"],
  );
  assert.ok(world.nowMs - startMs > MINUTE_MS && world.nowMs - startMs < 8 * MINUTE_MS);
  assert.ok(Math.min(...lower) >= before.desiredCount && Math.max(...lower) <= 2 * before.desiredCount);
  assert.deepEqual(
    after.deployments.map((one: { rolloutState: string; status: string }) => [one.status, one.rolloutState]),
    [["PRIMARY", "COMPLETED"]],
  );
  assert.notEqual(after.deployments[0].id, before.deployments[0].id);
});

test("more tasks take time to start, fewer stop at once, and the configuration is then as it was", () => {
  const world = healthyWorld();
  const hash = configurationHash(world);
  const { desiredCount } = showFront(world);

  ask(world, "ecs", "UpdateService", { ...FRONT, desiredCount: desiredCount + 3 });
  const asked = showFront(world);
  const hashMeanwhile = configurationHash(world);
  advance(world, world.nowMs + 5 * MINUTE_MS);
  const grown = showFront(world);
  ask(world, "ecs", "UpdateService", { ...FRONT, desiredCount });
  const shrunk = showFront(world);

  assert.deepEqual([asked.desiredCount, asked.runningCount], [desiredCount + 3, desiredCount]);
  assert.equal(grown.runningCount, desiredCount + 3);
  assert.equal(shrunk.runningCount, desiredCount);
  assert.notEqual(hashMeanwhile, hash);
  assert.equal(configurationHash(world), hash);
});

test("tasks that the cluster has no room for do not start", () => {
  const world = healthyWorld();

  ask(world, "ecs", "UpdateService", { ...FRONT, desiredCount: 500 });
  advance(world, world.nowMs + 60 * MINUTE_MS);

  const services = Object.values(world.resources).filter((state) => state.kind === "ecs-service");
  const running = services.map((state) => Number(attributesOf(world, state.arn).runningCount));
  assert.equal(
    running.reduce((sum, count) => sum + count, 0),
    roomOf(world, shopArns(world.system).cluster),
  );
  assert.equal(showFront(world).desiredCount, 500);
});

test("a service shows its previous task definition after a rollback too, so that the rollback can be undone", () => {
  const world = healthyWorld();
  const arn = shopArns(world.system).front;
  const before = attributesOf(world, arn);

  ask(world, "ecs", "UpdateService", { ...FRONT, taskDefinition: before.previousTaskDefinition ?? "" });
  advance(world, world.nowMs + 15 * MINUTE_MS);

  const after = attributesOf(world, arn);
  assert.equal(after.taskDefinition, before.previousTaskDefinition);
  assert.equal(after.previousTaskDefinition, before.taskDefinition);
  assert.equal(after.deploymentInProgress, false);
  assert.equal(isHealthy(world), true);
});

test("an alias moves at once, and only for whoever names its present revision", () => {
  const world = healthyWorld();
  const alias = { FunctionName: "shop-orders", Name: "live" };
  const before = ask(world, "lambda", "GetAlias", alias);

  const moved = ask(world, "lambda", "UpdateAlias", { ...alias, FunctionVersion: "6", RevisionId: before.RevisionId });
  const stale = ask(world, "lambda", "UpdateAlias", { ...alias, FunctionVersion: "7", RevisionId: before.RevisionId });

  assert.equal(before.FunctionVersion, "7");
  assert.equal(moved.FunctionVersion, "6");
  assert.notEqual(moved.RevisionId, before.RevisionId);
  assert.equal(stale, "PreconditionFailedException");
  assert.equal(attributesOf(world, shopArns(world.system).worker).previousFunctionVersion, "7");
});

test("no reserved concurrency throttles everything and the queue grows until it is given back", () => {
  const world = healthyWorld();
  const FunctionName = "shop-orders";
  const url = attributesOf(world, shopArns(world.system).queue).queueUrl ?? "";
  const waiting = () => {
    const shown = ask(world, "sqs", "GetQueueAttributes", { QueueUrl: url, AttributeNames: ["All"] });
    return Number(shown.Attributes.ApproximateNumberOfMessages);
  };

  ask(world, "lambda", "PutFunctionConcurrency", { FunctionName, ReservedConcurrentExecutions: 0 });
  advance(world, world.nowMs + 10 * MINUTE_MS);
  const grown = waiting();
  const hurt = isHealthy(world);
  ask(world, "lambda", "DeleteFunctionConcurrency", { FunctionName });
  advance(world, world.nowMs + 10 * MINUTE_MS);

  assert.ok(grown > 1000);
  assert.equal(hurt, false);
  assert.ok(waiting() < grown / 100);
});

test("a reboot takes the database away for about a minute", () => {
  const world = healthyWorld();
  const DBInstanceIdentifier = "shop-db";
  const status = () =>
    ask(world, "rds", "DescribeDBInstances", { DBInstanceIdentifier }).DBInstances[0].DBInstanceStatus;

  ask(world, "rds", "RebootDBInstance", { DBInstanceIdentifier });
  const statusAtOnce = status();
  const again = ask(world, "rds", "RebootDBInstance", { DBInstanceIdentifier });
  const healthyMeanwhile = isHealthy(world);
  advance(world, world.nowMs + 44_000);
  const statusLater = status();
  advance(world, world.nowMs + 50_000);

  assert.deepEqual([statusAtOnce, statusLater, status()], ["rebooting", "rebooting", "available"]);
  assert.equal(again, "InvalidDBInstanceState");
  assert.equal(healthyMeanwhile, false);
  assert.equal(isHealthy(world), true);
});

test("a change in the middle of a minute hurts users only from then on", () => {
  const world = healthyWorld();
  const DBInstanceIdentifier = "shop-db";
  const changedAtMs = world.nowMs + 40_000;

  advance(world, changedAtMs);
  ask(world, "rds", "RebootDBInstance", { DBInstanceIdentifier });
  advance(world, changedAtMs + 20_000);

  const impact = impactMinutes(world, changedAtMs - 40_000, world.nowMs);
  assert.ok(impact > 0.25 && impact < 0.36, `${impact} minutes`);
});

test("bad input is answered with AWS's own error codes and changes nothing", () => {
  const world = healthyWorld();
  const { cluster, service } = FRONT;
  const hash = configurationHash(world);
  const cases: readonly (readonly [string, string, Record<string, Json>, string])[] = [
    ["ecs", "DropService", {}, "InvalidAction"],
    ["ec2", "TerminateInstances", {}, "InvalidAction"],
    ["ecs", "UpdateService", { cluster: "nowhere", service }, "ClusterNotFoundException"],
    ["ecs", "UpdateService", { cluster, service: "nobody" }, "ServiceNotFoundException"],
    ["ecs", "UpdateService", { cluster, service, desiredCount: -1 }, "InvalidParameterException"],
    ["ecs", "UpdateService", { cluster, service, desiredCount: 50, taskDefinition: "x:1" }, "ClientException"],
    ["ecs", "DescribeServices", { cluster, services: [] }, "InvalidParameterException"],
    ["lambda", "GetAlias", { FunctionName: "nothing", Name: "live" }, "ResourceNotFoundException"],
    ["rds", "RebootDBInstance", { DBInstanceIdentifier: "nothing" }, "DBInstanceNotFound"],
    ["sqs", "GetQueueAttributes", { QueueUrl: "nothing" }, "AWS.SimpleQueueService.NonExistentQueue"],
    ["elbv2", "DescribeTargetHealth", { TargetGroupArn: "nothing" }, "TargetGroupNotFound"],
  ];

  const codes = cases.map(([owner, api, input]) => ask(world, owner, api, input));

  assert.deepEqual(
    codes,
    cases.map((one) => one[3]),
  );
  assert.equal(configurationHash(world), hash);
  assert.ok(world.effects.every((effect) => !effect.ok));
});

test("describing calls leave the world exactly as it was", () => {
  const world = healthyWorld();
  const before = JSON.stringify(world);
  const { cluster, service } = FRONT;

  for (const api of answeredApis().filter((name) => /:(Describe|Get)/.test(name)))
    ask(world, api.split(":")[0] ?? "", api.split(":")[1] ?? "", { cluster, services: [service] });
  isHealthy(world);

  assert.equal(JSON.stringify(world), before);
});
