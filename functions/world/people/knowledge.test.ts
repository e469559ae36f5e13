import assert from "node:assert/strict";
import { test } from "node:test";
import { createWorld } from "../world.ts";
import { effectOn, isWell, presentFaults, understands } from "./knowledge.ts";
import { personNamed } from "./person.ts";
import { placeIn, quarrelling, quarrelScenario } from "./quarrel.fixture.ts";

const INDICES = Array.from({ length: 300 }, (_, index) => index);

const HOUR_MS = 3_600_000;

test("a fault is understood as often as its family is familiar, more often with each look, less often by the tired", () => {
  const worlds = INDICES.map((index) => quarrelling(quarrelScenario(index, { confounding: "none" })));
  for (const id of ["ana", "dov", "hana"]) {
    const person = personNamed(51, id);
    const familiar = person.familiarity.get("database") ?? 0;
    const share = (localHour: number, looks: number): number => {
      const nowMs = Date.UTC(2026, 0, 5, localHour) - person.utcOffsetHours * HOUR_MS;
      const understood = worlds.filter((world) =>
        presentFaults(world).some((one) => understands({ ...world, nowMs }, person, one, looks)),
      );
      return understood.length / worlds.length;
    };

    const [rested, tired, twice] = [share(12, 1), share(3, 1), share(12, 2)];

    assert.ok(Math.abs(rested - familiar) < 0.08, `${id}: ${rested} understood, ${familiar} familiar`);
    assert.ok(tired < rested && rested < twice, `${id}: ${JSON.stringify({ tired, rested, twice })}`);
  }
});

test("what was understood once stays understood", () => {
  for (const index of INDICES.slice(0, 50)) {
    const world = quarrelling(quarrelScenario(index, { confounding: "none" }));
    const person = personNamed(51, "ana");
    const [present] = presentFaults(world);
    assert.ok(present !== undefined);

    const looks = [1, 2, 3, 4].map((count) => understands(world, person, present, count));

    assert.deepEqual(
      looks,
      looks.toSorted((one, other) => Number(one) - Number(other)),
    );
  }
});

test("a runbook does where a fault is what the fault declares, and nothing anywhere else", () => {
  const world = quarrelling(quarrelScenario(0));
  const target = placeIn(world);
  const faults = presentFaults(world);

  const effects = ["cure", "balm", "charm", "poison", "unheard-of"].map((runbook) =>
    effectOn(faults, { runbook, target }),
  );

  assert.deepEqual(effects, ["heals", "eases", "nothing", "harms", "nothing"]);
  assert.equal(effectOn(faults, { runbook: "cure", target: `${target}-elsewhere` }), "nothing");
  assert.equal(effectOn([], { runbook: "poison", target }), "nothing");
});

test("seeing whether all is well changes nothing of a world", () => {
  const world = createWorld(quarrelScenario(0));
  const before = JSON.stringify(world);

  assert.equal(isWell(world), true);
  assert.ok(JSON.stringify(world) === before);
});
