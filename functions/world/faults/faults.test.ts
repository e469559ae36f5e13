import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import type { MetricRef } from "../../core/alarm.ts";
import { alarmsOf } from "../alarms.ts";
import { metricsOf } from "../initial-alarms.ts";
import { metricValues } from "../metrics.ts";
import { page } from "../people.ts";
import { type Scenario, scenarioWith } from "../scenario.ts";
import { MINUTE_MS, type World } from "../state.ts";
import { impactMinutes, impactStartedAtMs, isHealthy } from "../truth.ts";
import { advance, createWorld } from "../world.ts";
import { FAULTS } from "./all-faults.ts";

const INDICES = Array.from({ length: 12 }, (_, index) => index);
const meanOf = (values: readonly (number | null)[]): number => {
  const present = values.filter((value) => value !== null);
  return present.reduce((sum, value) => sum + value, 0) / present.length;
};

/** Mean of a metric in the ten minutes before the onset, and in ten minutes long after it. */
const beforeAndAfter = (world: World, metric: MetricRef, afterMinutes: number): readonly [number, number] => {
  const { onsetMs } = world.scenario;
  const window = (fromMs: number) => meanOf(metricValues(world, metric, fromMs, fromMs + 10 * MINUTE_MS));
  return [window(onsetMs - 11 * MINUTE_MS), window(onsetMs + afterMinutes * MINUTE_MS)];
};

const unfold = (scenario: Scenario, minutes: number): World => {
  const world = createWorld(scenario);
  advance(world, scenario.onsetMs + minutes * MINUTE_MS);
  return world;
};

for (const fault of FAULTS) {
  test(`${fault.id} raises the alarm that it declares, after users or their database notice`, () => {
    for (const index of INDICES) {
      const scenario = scenarioWith(41, index, fault.id);

      const world = unfold(scenario, 60);

      const raised = world.alarmHistory.filter((change) => change.to === "ALARM");
      assert.ok(
        raised.some((change) => change.name === fault.alarm(scenario.topology, scenario.parameters)),
        `scenario ${index}`,
      );
      assert.ok(raised.every((change) => change.atMs > scenario.onsetMs));
      assert.equal(impactMinutes(world, scenario.clockStartMs, scenario.onsetMs) < 0.5, true);
    }
  });

  test(`${fault.id} left alone ends the way it declares`, () => {
    for (const index of INDICES) {
      const scenario = scenarioWith(42, index, fault.id);
      const alone = fault.healsAloneAfterMinutes(scenario.parameters);

      const world = unfold(scenario, alone === null ? 7 * 60 : alone + 10);

      assert.equal(isHealthy(world), alone !== null, `scenario ${index}`);
      assert.equal(
        alarmsOf(world).some((alarm) => alarm.state === "ALARM"),
        alone === null,
      );
      assert.equal(fault.isPresent(world, scenario.parameters), alone === null);
      assert.ok(impactStartedAtMs(world) !== null);
    }
  });

  test(`${fault.id} is healed by the person who is paged`, () => {
    for (const index of INDICES) {
      const scenario = scenarioWith(43, index, fault.id);
      const world = unfold(scenario, 50);

      page(world, "quell-x");
      advance(world, (world.personComesAtMs ?? 0) + 30 * MINUTE_MS);

      assert.equal(isHealthy(world), true, `scenario ${index}`);
      assert.equal(
        alarmsOf(world).some((alarm) => alarm.state === "ALARM"),
        false,
      );
      assert.ok(world.effects.every((effect) => effect.ok && effect.caller.person === "on-call"));
    }
  });

  test(`${fault.id} differs from incident to incident`, () => {
    const drawn = INDICES.map((index) => JSON.stringify(scenarioWith(44, index, fault.id).parameters));

    assert.equal(new Set(drawn).size, INDICES.length);
  });
}

test("the runbooks that faults call good or bad exist, and none is both", () => {
  const folders = readdirSync(new URL("../../../runbooks/", import.meta.url));

  const named = FAULTS.flatMap((fault) => [...fault.good, ...fault.bad]);

  assert.deepEqual(
    named.filter((id) => !folders.includes(id)),
    [],
  );
  for (const fault of FAULTS)
    assert.equal(new Set([...fault.good, ...fault.bad]).size, fault.good.length + fault.bad.length);
});

test("nobody comes without a page before eight hours have passed", () => {
  const scenario = scenarioWith(45, 0, "bad-ecs-deployment");

  const before = unfold(scenario, 8 * 60 - 1);
  const after = unfold(scenario, 8 * 60 + 15);

  assert.deepEqual([before.effects.length, isHealthy(before)], [0, false]);
  assert.deepEqual([after.effects.length, isHealthy(after)], [1, true]);
});

test("a leak fills the connections while commits do not grow, and does not come back after a reboot", () => {
  const world = unfold(scenarioWith(46, 2, "connection-leak"), 70);
  const { database } = metricsOf(world.scenario.topology);

  const [connectionsBefore, connectionsAfter] = beforeAndAfter(world, database("DatabaseConnections", "Average"), 55);
  const [commitsBefore, commitsAfter] = beforeAndAfter(world, database("CommitThroughput", "Average"), 55);
  page(world, "quell-x");
  advance(world, (world.personComesAtMs ?? 0) + 120 * MINUTE_MS);
  const [connectionsNow] = metricValues(
    world,
    database("DatabaseConnections", "Average"),
    world.nowMs - 3 * MINUTE_MS,
    world.nowMs,
  );

  assert.ok(connectionsAfter > 2 * connectionsBefore);
  assert.ok(commitsAfter < 1.1 * commitsBefore);
  assert.ok(Number(connectionsNow) < 1.3 * connectionsBefore);
});

test("a surge multiplies the requests and fills the front's CPU", () => {
  const scenario = scenarioWith(47, 3, "traffic-saturation");
  const world = unfold(scenario, 40);
  const metrics = metricsOf(scenario.topology);

  const [requestsBefore, requestsAfter] = beforeAndAfter(world, metrics.balancer("RequestCount", "Sum"), 25);
  const [cpuBefore, cpuAfter] = beforeAndAfter(
    world,
    metrics.service(scenario.topology.front)("CPUUtilization", "Average"),
    25,
  );

  assert.ok(requestsAfter > 2 * requestsBefore && requestsAfter < 3.6 * requestsBefore);
  assert.ok(cpuBefore < 65 && cpuAfter > 90);
});

test("a bad release behind the front leaves its own alarms silent, and retries add to its load", () => {
  const drawn = INDICES.map((index) => scenarioWith(48, index, "dependency-misattributed"));
  const scenarios = drawn.filter((scenario) => scenario.parameters.latencyFactor === 1);

  const worlds = scenarios.map((scenario) => unfold(scenario, 60));

  assert.ok(worlds.length > 3);
  for (const world of worlds) {
    const { topology, parameters } = world.scenario;
    const services = new Set(world.alarms.filter((alarm) => alarm.state === "ALARM").map((alarm) => alarm.service));
    const cpu = metricsOf(topology).service(topology.back)("CPUUtilization", "Average");
    const [before, after] = beforeAndAfter(world, cpu, 15);
    assert.deepEqual(services, new Set([topology.front]));
    assert.ok(after / before > 1 + 0.5 * Number(parameters.errorRate), `${after} after ${before}`);
  }
});

test("four deployments in five leave a marker", () => {
  const worlds = Array.from({ length: 200 }, (_, index) =>
    unfold({ ...scenarioWith(49, index, "bad-lambda-version"), benignReleases: [] }, 1),
  );

  const marked = worlds.filter((world) => world.changes.length === 1).length;

  assert.ok(marked > 140 && marked < 180, `${marked} of 200`);
});
