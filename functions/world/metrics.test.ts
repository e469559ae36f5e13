import assert from "node:assert/strict";
import { test } from "node:test";
import { metricValues } from "./metrics.ts";
import { shopMetric, shopWith } from "./small-system.fixture.ts";
import { MINUTE_MS } from "./state.ts";
import { advance, createWorld } from "./world.ts";

const healthyWorld = (minutes: number) => {
  const world = createWorld(shopWith(4, 4));
  advance(world, world.clockStartMs + minutes * MINUTE_MS);
  return { world, balancer: (name: string, stat: string) => shopMetric(world.system, "balancer", name, stat) };
};

test("a period cannot be read before it has been closed for 60 seconds", () => {
  const { world, balancer } = healthyWorld(10);
  const requests = balancer("RequestCount", "Sum");
  const readable = () =>
    metricValues(world, requests, world.clockStartMs, world.clockStartMs + 1000 * MINUTE_MS).length;

  const atTen = readable();
  advance(world, world.nowMs + MINUTE_MS - 1);
  const justBefore = readable();
  advance(world, world.nowMs + 1);
  const atEleven = readable();

  assert.deepEqual([atTen, justBefore, atEleven], [9, 9, 10]);
});

test("what was read once reads the same later", () => {
  const { world } = healthyWorld(30);
  const cpu = shopMetric(world.system, "front", "CPUUtilization", "Average");
  const early = metricValues(world, cpu, world.clockStartMs, world.nowMs);

  advance(world, world.nowMs + 30 * MINUTE_MS);
  const late = metricValues(world, cpu, world.clockStartMs, world.nowMs);

  assert.deepEqual(late.slice(0, early.length), early);
});

test("a longer period sums counts and averages gauges of its minutes", () => {
  const { world, balancer } = healthyWorld(32);
  const requests = balancer("RequestCount", "Sum");
  const latency = balancer("TargetResponseTime", "Average");
  const fromMs = Math.ceil(world.clockStartMs / (5 * MINUTE_MS)) * 5 * MINUTE_MS;
  const minutes = (metric: typeof requests) => metricValues(world, metric, fromMs, fromMs + 5 * MINUTE_MS).map(Number);
  const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);

  const [fiveRequests] = metricValues(world, { ...requests, periodSeconds: 300 }, fromMs, fromMs + 5 * MINUTE_MS);
  const [fiveLatency] = metricValues(world, { ...latency, periodSeconds: 300 }, fromMs, fromMs + 5 * MINUTE_MS);

  assert.equal(fiveRequests, total(minutes(requests)));
  assert.ok(Math.abs(Number(fiveLatency) - total(minutes(latency)) / 5) < 1e-12);
});

test("a metric or statistic that the world does not have is missing throughout, not zero", () => {
  const { world, balancer } = healthyWorld(10);
  const requests = balancer("RequestCount", "Sum");

  const unknownName = metricValues(world, { ...requests, metricName: "Requests" }, world.clockStartMs, world.nowMs);
  const unknownStat = metricValues(world, { ...requests, stat: "p99" }, world.clockStartMs, world.nowMs);
  const beforeStart = metricValues(world, requests, world.clockStartMs - 3 * MINUTE_MS, world.clockStartMs);

  assert.deepEqual(unknownName, Array(9).fill(null));
  assert.deepEqual(unknownStat, Array(9).fill(null));
  assert.deepEqual(beforeStart, [null, null, null]);
});

test("dimensions name a metric in any order, and only all of them do", () => {
  const { world, balancer } = healthyWorld(10);
  const requests = balancer("RequestCount", "Sum");
  const { LoadBalancer = "", TargetGroup = "" } = requests.dimensions;
  const read = (dimensions: Record<string, string>) =>
    metricValues(world, { ...requests, dimensions }, world.clockStartMs, world.nowMs);

  const swapped = read({ TargetGroup, LoadBalancer });

  assert.ok(swapped.filter((value) => value !== null).length > 5);
  assert.deepEqual(swapped, read({ LoadBalancer, TargetGroup }));
  assert.deepEqual(read({ LoadBalancer }), Array(9).fill(null));
  assert.deepEqual(read({ LoadBalancer, TargetGroup, AvailabilityZone: "eu-west-1x" }), Array(9).fill(null));
});

test("datapoints are lost now and then, and seldom", () => {
  const worlds = Array.from({ length: 20 }, (_, index) => createWorld(shopWith(9, index)));
  for (const world of worlds) advance(world, world.clockStartMs + 120 * MINUTE_MS);

  const values = worlds.flatMap((world) =>
    metricValues(world, shopMetric(world.system, "balancer", "RequestCount", "Sum"), world.clockStartMs, world.nowMs),
  );

  const lost = values.filter((value) => value === null).length / values.length;
  assert.ok(lost > 0 && lost < 0.01, `${lost} of the datapoints were lost`);
});
