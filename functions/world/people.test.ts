import assert from "node:assert/strict";
import { test } from "node:test";
import { FAULTS } from "./faults/all-faults.ts";
import { GRADES, type Grade } from "./people/person.ts";
import { isNight, onCallOf } from "./people/rota.ts";
import { page } from "./people.ts";
import { type Scenario, scenarioAt, scenarioWith } from "./scenario.ts";
import { MINUTE_MS, type World } from "./state.ts";
import { impactMinutes, isHealthy } from "./truth.ts";
import { advance, createWorld, fork } from "./world.ts";

const HOUR_MS = 60 * MINUTE_MS;
const NOTICED_MS = 15 * MINUTE_MS;

/** A world a quarter of an hour after its onset. */
const noticed = (scenario: Scenario): World => {
  const world = createWorld(scenario);
  advance(world, scenario.onsetMs + NOTICED_MS);
  return world;
};

/** The same, and somebody is paged. */
const paged = (scenario: Scenario): World => {
  const world = noticed(scenario);
  page(world, "quell-x");
  return world;
};

/** What becomes of a world, hours later, when somebody of a grade is paged for it. */
const pagedFor = (world: World, oncall: Grade | null, hours: number): World => {
  const copy = { ...fork(world), scenario: { ...world.scenario, oncall } };
  page(copy, "quell-x");
  return later(copy, hours);
};

/** The same world, hours later. */
const later = (world: World, hours: number): World => {
  advance(world, world.scenario.onsetMs + NOTICED_MS + hours * HOUR_MS);
  return world;
};

const eventsOf = (world: World, kind: string) =>
  world.log.map((line) => JSON.parse(line)).filter((one) => one.kind === kind);
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const medianOf = (values: readonly number[]): number =>
  values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;

test("whoever comes does the same in a fork and in a second run, to the byte", () => {
  for (let index = 0; index < 12; index += 1) {
    const world = paged({ ...scenarioAt(31, index), oncall: GRADES[index % 3] ?? null });
    advance(world, (world.personComesAtMs ?? 0) + 7 * MINUTE_MS);
    const beside = fork(world);

    const again = later(paged(world.scenario), 5);
    for (const one of [world, beside]) later(one, 5);

    assert.ok(JSON.stringify(beside) === JSON.stringify(world), `scenario ${index}`);
    assert.ok(JSON.stringify(again) === JSON.stringify(world), `scenario ${index}`);
  }
});

test("whatever befalls a system, it is as well eight hours after a page as an expert would have made it", () => {
  const unhealed: string[] = [];

  for (const { id } of FAULTS)
    for (let index = 0; index < 3; index += 1) {
      const world = noticed(scenarioWith(32, index, id));
      const isHealed = isHealthy(pagedFor(world, null, 8)) || !isHealthy(pagedFor(world, "expert", 8));
      if (!isHealed) unhealed.push(`${id} ${index}`);
    }

  assert.deepEqual(unhealed, []);
});

test("experts cost users less than average people, and those less than novices", () => {
  const costs = Array.from({ length: 200 }, (_, index) => {
    const world = noticed(scenarioAt(33, index));
    // Three hours hold an arrival, two tries and an owner.
    return GRADES.map((grade) => {
      const after = pagedFor(world, grade, 3);
      return impactMinutes(after, world.scenario.onsetMs, after.nowMs);
    });
  });

  const [novices = 0, average = 0, experts = 0] = GRADES.map((_, grade) => mean(costs.map((cost) => cost[grade] ?? 0)));

  assert.ok(experts < average && average < novices, JSON.stringify({ novices, average, experts }));
});

test("who is not an expert guesses at times, leaves it to an owner at times, and mostly understands it in the end", () => {
  const worlds = Array.from({ length: 60 }, (_, index) =>
    later(paged({ ...scenarioAt(34, index), oncall: "average", confounding: "none" }), 8),
  );

  const did = worlds.flatMap((world) => eventsOf(world, "person-tries")).map(({ does }) => does);
  const escalated = worlds.filter((world) => eventsOf(world, "person-escalates").length > 0);

  assert.ok(did.includes("heal") && did.some((one) => one !== "heal" && one !== "watch"));
  assert.ok(escalated.length >= 3 && escalated.length < 40, `${escalated.length} of 60`);
});

test("an owner comes after whoever called them, and heals what they could not", () => {
  const worlds = Array.from({ length: 60 }, (_, index) =>
    later(paged({ ...scenarioAt(35, index), oncall: "novice", confounding: "none" }), 8),
  ).filter((world) => eventsOf(world, "person-escalates").length > 0);

  for (const world of worlds) {
    const [escalation] = eventsOf(world, "person-escalates");
    const arrived = eventsOf(world, "person-arrives").find(({ person }) => person === escalation.to);
    assert.equal(escalation.person, onCallOf(world.scenario).id);
    assert.ok(arrived.atMs > escalation.atMs && arrived.atMs <= escalation.atMs + 2 * HOUR_MS);
    assert.ok(isHealthy(world) || world.nowMs - arrived.atMs < 2 * HOUR_MS);
  }
  assert.ok(worlds.length >= 10);
});

/** A blip that has passed comes back two hours after the page, for two hours; nobody is paged for it. */
const relapsed = (oncall: Grade): Readonly<{ world: World; fromMs: number }> => {
  const scenario = scenarioWith(36, 1, "transient-blip", { oncall });
  const world = later(paged(scenario), 2);
  const fromMs = world.nowMs;
  world.disturbances.push({
    ...{
      id: "again",
      from: null,
      to: String(scenario.faults[0]?.parameters.entry),
      fromMs,
      toMs: fromMs + 2 * HOUR_MS,
    },
    ...{ errorRate: 0.5, latencyMs: 0, message: "connect ECONNRESET" },
  });
  advance(world, fromMs + HOUR_MS);
  return { world, fromMs };
};

test("whoever rests keeps an eye on it: what comes back within their shift is seen without another page", () => {
  const { world, fromMs } = relapsed("expert");

  const looked = eventsOf(world, "person-tries").filter(({ atMs }) => atMs > fromMs);

  assert.ok(looked.length > 0);
  assert.equal(world.pages.length, 1);
});

test("whoever sees it come back after their patience has ended calls an owner", () => {
  const { world, fromMs } = relapsed("novice");

  const escalated = eventsOf(world, "person-escalates");

  assert.ok(escalated.length === 1 && escalated[0].atMs > fromMs);
});

test("a page while somebody is at work calls nobody else", () => {
  const world = paged(scenarioWith(37, 0, "bad-ecs-deployment"));
  advance(world, (world.personComesAtMs ?? 0) + 1000);

  page(world, "quell-y");
  later(world, 8);

  assert.equal(world.pages.length, 2);
  assert.equal(
    eventsOf(world, "person-arrives").filter(({ person }) => person === onCallOf(world.scenario).id).length,
    1,
  );
});

test("people come later at night, and never later than two hours", () => {
  const worlds = Array.from({ length: 400 }, (_, index) => paged(scenarioAt(38, index)));
  const minutesOf = (world: World): number => ((world.personComesAtMs ?? 0) - world.nowMs) / MINUTE_MS;
  const isAsleep = (world: World): boolean => isNight(onCallOf(world.scenario), world.nowMs);

  const night = worlds.filter(isAsleep).map(minutesOf);
  const day = worlds.filter((world) => !isAsleep(world)).map(minutesOf);

  assert.ok(medianOf(night) > 1.25 * medianOf(day), `${medianOf(night)} at night, ${medianOf(day)} by day`);
  assert.ok(Math.max(...night, ...day) <= 120);
});

test("everything that people do is an effect and a line of the log under their names", () => {
  const worlds = Array.from({ length: 20 }, (_, index) => later(paged(scenarioAt(39, index)), 8));

  for (const world of worlds) {
    const present = new Set(eventsOf(world, "person-arrives").map(({ person }) => person));
    assert.ok(world.effects.every(({ caller }) => caller.executionId === null && present.has(caller.person)));
    assert.deepEqual(
      eventsOf(world, "call").map(({ who }) => who),
      world.effects.map(({ caller }) => caller.person),
    );
  }
  assert.ok(worlds.some(({ effects }) => effects.length > 0));
});
