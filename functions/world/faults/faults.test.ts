import assert from "node:assert/strict";
import { test } from "node:test";
import type { MetricRef } from "../../core/alarm.ts";
import { metricValues } from "../metrics.ts";
import { page } from "../people.ts";
import { type Scenario, scenarioWith } from "../scenario.ts";
import { MINUTE_MS, type World } from "../state.ts";
import { impactMinutes, impactStartedAtMs, isHealthy } from "../truth.ts";
import { advance, createWorld, fork } from "../world.ts";
import { FAULTS } from "./all-faults.ts";
import type { Symptom } from "./fault.ts";

/** How many incidents of each fault are looked at; FAULT=id looks at one fault alone. */
const INDICES = Array.from({ length: 6 }, (_, index) => index);
const LOOKED_AT = FAULTS.filter(({ id }) => (process.env.FAULT ?? id) === id);

const unfold = (scenario: Scenario, minutes: number): World => {
  const world = createWorld(scenario);
  advance(world, scenario.onsetMs + minutes * MINUTE_MS);
  return world;
};

const meanOf = (world: World, metric: MetricRef, fromMs: number): number | null => {
  const values = metricValues(world, metric, fromMs, fromMs + 10 * MINUTE_MS).filter((value) => value !== null);
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
};

/** Whether a metric moved as its symptom says: by a quarter at least; errors, which have no datapoint at none, count from 0. */
const isShown = (world: World, { metric, moves, afterMinutes }: Symptom): boolean => {
  const { onsetMs } = world.scenario;
  const before = meanOf(world, metric, onsetMs - 12 * MINUTE_MS);
  const after = meanOf(world, metric, onsetMs + afterMinutes * MINUTE_MS);
  if (moves === "silent") return before !== null && after === null;
  if (moves === "down") return before !== null && after !== null && after <= 0.8 * before;
  return after !== null && after >= 1.25 * (before ?? 0) && after > 0;
};

const rings = (world: World): boolean => world.alarms.some(({ state }) => state === "ALARM");
const isPresent = (world: World): boolean =>
  world.faults.some((active) => world.known.find(({ id }) => id === active.id)?.isPresent(world, active) === true);

for (const fault of LOOKED_AT) {
  test(`${fault.id} shows in the metrics that it names, and an alarm rings after the onset and not before`, () => {
    for (const index of INDICES) {
      const scenario = scenarioWith(41, index, fault.id);

      const world = unfold(scenario, 120);

      const symptoms = fault.symptoms(world.system, scenario.faults[0]?.parameters ?? {});
      const raised = world.alarmHistory.filter(({ to }) => to === "ALARM");
      const unseen = symptoms.filter((symptom) => !isShown(world, symptom));
      assert.ok(symptoms.length > 0);
      assert.deepEqual(unseen, [], `scenario ${index}`);
      assert.ok(raised.length > 0, `scenario ${index}: no alarm`);
      assert.ok(raised.every(({ atMs }) => atMs > scenario.onsetMs));
      assert.ok(impactMinutes(world, scenario.clockStartMs, scenario.onsetMs) < 0.5);
    }
  });

  test(`${fault.id} left alone takes the course that it declares`, () => {
    for (const index of INDICES) {
      const scenario = scenarioWith(42, index, fault.id);
      const course = fault.course(scenario.faults[0]?.parameters ?? {});
      const during = (world: World, fromMinutes: number, toMinutes: number): number =>
        impactMinutes(world, scenario.onsetMs + fromMinutes * MINUTE_MS, scenario.onsetMs + toMinutes * MINUTE_MS);

      const world = unfold(scenario, course.kind === "heals" ? course.afterMinutes + 15 : 240);

      if (course.kind === "heals") {
        assert.deepEqual([isHealthy(world), isPresent(world), rings(world)], [true, false, false], `scenario ${index}`);
      } else {
        assert.equal(isPresent(world), true, `scenario ${index}`);
        assert.ok(rings(world) || !isHealthy(world), `scenario ${index}`);
      }
      if (course.kind === "worsens") {
        const [early, late] = [during(world, 0, 30), during(world, 210, 240)];
        assert.ok(late > early + 1, `scenario ${index}: ${early} at first, ${late} later`);
      }
    }
  });

  test(`${fault.id} is healed by a person who understands it`, () => {
    for (const index of INDICES) {
      const world = unfold(scenarioWith(43, index, fault.id, { oncall: "expert" }), 50);
      const [active] = world.faults;
      assert.ok(active !== undefined);

      page(world, "quell-x");
      // What piled up in a queue until somebody came can take longer than that to work off.
      advance(world, (world.personComesAtMs ?? 0) + 240 * MINUTE_MS);

      assert.deepEqual([isHealthy(world), isPresent(world)], [true, false], `scenario ${index}`);
      assert.ok(world.effects.every((effect) => effect.ok && effect.caller.person !== null));
    }
  });

  test(`${fault.id} differs from incident to incident, and a fork of it goes the same way to the byte`, () => {
    const scenarios = INDICES.map((index) => scenarioWith(44, index, fault.id));
    const world = unfold(scenarios[0] ?? scenarioWith(44, 0, fault.id), 30);
    const beside = fork(world);

    for (const one of [world, beside]) advance(one, one.nowMs + 60 * MINUTE_MS);

    assert.equal(new Set(scenarios.map(({ faults }) => JSON.stringify(faults[0]?.parameters))).size, INDICES.length);
    assert.equal(JSON.stringify(beside), JSON.stringify(world));
  });
}

test("nobody comes without a page before eight hours have passed", () => {
  const scenario = scenarioWith(45, 0, "bad-ecs-deployment");

  const before = unfold(scenario, 8 * 60 - 1);
  const after = unfold(scenario, 8 * 60 + 45);

  assert.deepEqual([before.effects.length, isHealthy(before)], [0, false]);
  assert.ok(after.effects.length > 0);
});

test("users are hurt by most faults, and never before the onset", () => {
  const worlds = FAULTS.flatMap(({ id }) => INDICES.map((index) => unfold(scenarioWith(46, index, id), 90)));

  const hurt = worlds.filter((world) => impactStartedAtMs(world) !== null);

  assert.ok(hurt.length > worlds.length * 0.6, `${hurt.length} of ${worlds.length}`);
  assert.ok(hurt.every((world) => (impactStartedAtMs(world) ?? 0) >= world.scenario.onsetMs));
});

test("four deployments in five leave a marker", () => {
  const worlds = Array.from({ length: 200 }, (_, index) =>
    unfold({ ...scenarioWith(49, index, "bad-lambda-version"), benignChanges: [] }, 1),
  );

  const marked = worlds.filter((world) => world.changes.length === 1).length;

  assert.ok(marked > 140 && marked < 180, `${marked} of 200`);
});
