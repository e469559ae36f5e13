import assert from "node:assert/strict";
import { test } from "node:test";
import { FAULTS, faultNamed } from "./faults/all-faults.ts";
import { resourcesOf } from "./graph.ts";
import { type Scenario, scenarioAt, scenarioWith } from "./scenario.ts";
import { MINUTE_MS, type World } from "./state.ts";
import { advance, createWorld } from "./world.ts";

/** Nothing that somebody who works with these systems could see may tell what was drawn of an incident, but its symptoms. */
const DRAWN: readonly Scenario[] = [101, 202].flatMap((seed) =>
  Array.from({ length: 750 }, (_, index) => scenarioAt(seed, index)),
);

const shareOf = <T>(all: readonly T[], isOne: (one: T) => boolean): number => all.filter(isOne).length / all.length;

/** Numbered names are common in large systems alone; a share counts among services, not incidents. */
const isNumbered = (name: string): boolean => /-\d+$/.test(name);

test("one incident in five heals within the hour by itself", () => {
  const share = shareOf(DRAWN, ({ faults: [planned] }) => {
    const course = planned === undefined ? null : faultNamed(planned.fault)?.course(planned.parameters);
    return course?.kind === "heals" && course.afterMinutes <= 60;
  });

  assert.ok(share > 0.15 && share < 0.25, `${share}`);
});

test("a good third of the incidents have an innocent release in the hour before, and some right around the onset", () => {
  const within = (fromMinutes: number, toMinutes: number, kinds = ["config", "deployment"]): number =>
    shareOf(DRAWN, ({ benignChanges, onsetMs }) =>
      benignChanges.some(
        ({ kind, atMs }) =>
          kinds.includes(kind) && atMs >= onsetMs + fromMinutes * MINUTE_MS && atMs < onsetMs + toMinutes * MINUTE_MS,
      ),
    );

  assert.ok(within(-60, 0, ["deployment"]) > 0.32 && within(-60, 0, ["deployment"]) < 0.4);
  assert.ok(within(-10, 0) > 0.05, `${within(-10, 0)}`);
  assert.ok(within(0, 10) > 0.05, `${within(0, 10)}`);
  assert.deepEqual(
    [...new Set(DRAWN.flatMap(({ benignChanges }) => benignChanges.map(({ kind }) => kind)))].toSorted(),
    ["config", "deployment"],
  );
});

test("what a fault names was now and then changed before it, never right before it", () => {
  const named = DRAWN.flatMap(({ benignChanges, faults, onsetMs }) => {
    const values = new Set(faults.flatMap(({ parameters }) => Object.values(parameters)));
    return benignChanges.filter(({ arn }) => values.has(arn)).map(({ atMs }) => (atMs - onsetMs) / MINUTE_MS);
  });

  assert.ok(named.length > DRAWN.length * 0.03, `${named.length}`);
  assert.ok(Math.max(...named) <= -6);
  assert.ok(Math.max(...named) > -12, `${Math.max(...named)}`);
});

/** The world at its first alarm, or null where none rings within the hour. */
const atAlarm = (scenario: Scenario): World | null => {
  const world = createWorld(scenario);
  advance(world, scenario.onsetMs);
  for (let minute = 0; minute < 60; minute += 1) {
    advance(world, world.nowMs + MINUTE_MS);
    if (world.alarms.some(({ state }) => state === "ALARM")) return world;
  }
  return null;
};

test("of the incidents with a marker younger than ten minutes at the alarm, one in five has an innocent one", () => {
  const young = DRAWN.slice(0, 500).flatMap((scenario) => {
    const world = atAlarm(scenario);
    if (world === null) return [];
    const markers = world.changes.filter(({ atMs }) => atMs >= world.nowMs - 10 * MINUTE_MS);
    return markers.length === 0 ? [] : [{ scenario, markers }];
  });

  const innocent = shareOf(young, ({ scenario: { benignChanges }, markers }) =>
    markers.some(({ target, atMs }) => benignChanges.some((one) => one.arn === target && one.atMs === atMs)),
  );

  assert.ok(young.length > 40, `${young.length}`);
  assert.ok(innocent >= 0.2, `${innocent} of ${young.length}`);
});

test("names are given by one rule, whatever a fault needs", () => {
  for (const { topology } of DRAWN) {
    const numbers = topology.services.flatMap(({ name, role }) =>
      isNumbered(name) ? [{ role, number: Number(name.slice(name.lastIndexOf("-") + 1)) }] : [],
    );
    for (const role of new Set(topology.services.map((service) => service.role))) {
      const own = topology.services.filter((service) => service.role === role);
      assert.equal(new Set(own.map(({ name }) => name)).size, own.length);
      // A second round of the names begins when the first is used up, and holds as many as are over.
      const rest = numbers.filter((one) => one.role === role);
      const names = new Set(own.map(({ name }) => name.replace(/-\d+$/, ""))).size;
      assert.ok(rest.length === 0 || rest.length === own.length - names, `${topology.system}: ${JSON.stringify(rest)}`);
    }
  }
});

test("the zone that fails is any of those of its load balancer", () => {
  for (const fault of ["zone-outage", "zone-gray-failure"]) {
    const positions = Array.from({ length: 60 }, (_, index) => {
      const scenario = scenarioWith(7, index, fault);
      const { group, zone } = scenario.faults[0]?.parameters ?? {};
      const [target] = resourcesOf(createWorld(scenario), [String(group)]);
      return Object.keys(target?.attributes ?? {})
        .filter((name) => /^eu-west-1[a-z]$/.test(name))
        .indexOf(String(zone));
    });

    for (const position of [0, 1, 2]) {
      const share = shareOf(positions, (one) => one === position);
      assert.ok(share > 0.15 && share < 0.55, `${fault} ${position}: ${share}`);
    }
  }
});

/** `type attribute` of everything in the worlds that is neither null nor absent. */
const attributesIn = (worlds: readonly World[]): ReadonlySet<string> =>
  new Set(
    worlds.flatMap((world) =>
      resourcesOf(world, Object.keys(world.resources)).flatMap(({ type, attributes }) =>
        Object.entries(attributes).flatMap(([name, value]) => (value === null ? [] : [`${type} ${name}`])),
      ),
    ),
  );

test("before anybody acts, no attribute is there in worlds with a fault alone", () => {
  const minutesAfter = (minutes: number, scenario: Scenario): World => {
    const world = createWorld(scenario);
    advance(world, scenario.onsetMs + minutes * MINUTE_MS);
    return world;
  };
  const healthy = Array.from({ length: 150 }, (_, index) => minutesAfter(5, scenarioWith(11, index, "none")));
  const faulted = FAULTS.flatMap(({ id }) => [0, 1].map((index) => minutesAfter(5, scenarioWith(12, index, id))));

  const known = attributesIn(healthy);

  assert.deepEqual(
    [...attributesIn(faulted)].filter((name) => !known.has(name)),
    [],
  );
});

test("what a provider's contract says stays a whole number, whatever the provider does", () => {
  const rates = ["none", "external-quota-exhausted"].flatMap((fault) =>
    Array.from({ length: 20 }, (_, index) => {
      const world = createWorld(scenarioWith(13, index, fault));
      advance(world, world.scenario.onsetMs + 10 * MINUTE_MS);
      return resourcesOf(world, Object.keys(world.resources)).flatMap(
        ({ attributes: { invocationRateLimitPerSecond: rate } }) => (rate === undefined ? [] : [rate]),
      );
    }).flat(),
  );

  assert.ok(rates.length > 20);
  assert.ok(rates.every(Number.isInteger));
});
