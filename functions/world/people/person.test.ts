import assert from "node:assert/strict";
import { test } from "node:test";
import { FAULTS } from "../faults/all-faults.ts";
import { FAMILIES } from "../faults/fault.ts";
import { scenarioAt } from "../scenario.ts";
import { isTold, lastHelped } from "./knowledge.ts";
import { GRADES, personNamed, population } from "./person.ts";
import { isNight, onCallOf, ownerOf } from "./rota.ts";

const SEEDS = Array.from({ length: 50 }, (_, index) => index);
const DAY = { seed: 3, index: 0, oncall: null };

test("a seed has the same people in all its incidents, and another seed others", () => {
  const people = population(3);

  const onCall = SEEDS.map((index) => onCallOf({ ...DAY, index }));

  for (const one of onCall)
    assert.deepEqual(
      one,
      people.find(({ id }) => id === one.id),
    );
  assert.ok(new Set(onCall.map(({ id }) => id)).size > 5);
  assert.notDeepEqual(population(4), people);
});

test("every seed has people of every grade, of whom experts know every family and nobody else does", () => {
  for (const seed of SEEDS)
    for (const { grade, skill, familiarity } of population(seed)) {
      const known = FAMILIES.map((family) => familiarity.get(family) ?? 0);
      assert.ok(GRADES.includes(grade) && skill >= 0 && skill <= 1);
      assert.ok(known.every((one) => one > 0 && one <= 1));
      assert.equal(
        grade === "expert",
        known.every((one) => one === 1),
      );
    }
});

test("a wish for a grade is granted, and the owner is never the one who calls", () => {
  for (const index of SEEDS)
    for (const oncall of [null, ...GRADES]) {
      const day = { seed: 3, index, oncall };
      assert.ok(oncall === null || onCallOf(day).grade === oncall);
      assert.notEqual(ownerOf(day).id, onCallOf(day).id);
      assert.deepEqual([ownerOf(day).grade, ownerOf(day).group], ["expert", "owners"]);
    }
});

test("night is from ten in the evening to seven in the morning where somebody lives", () => {
  const person = { ...personNamed(1, "ana"), utcOffsetHours: -5 };
  const hours = Array.from({ length: 24 }, (_, hour) => hour);

  const asleep = hours.filter((hour) => isNight(person, Date.UTC(2026, 0, 5, hour)));

  assert.deepEqual(asleep, [3, 4, 5, 6, 7, 8, 9, 10, 11]);
});

test("who is told at one level of confounding is told at every higher one, and nobody is at none", () => {
  const told = (confounding: "none" | "mild" | "strong"): readonly number[] =>
    Array.from({ length: 2000 }, (_, index) => index).filter((index) => isTold({ seed: 1, index, confounding }));

  const [none, mild, strong] = [told("none"), told("mild"), new Set(told("strong"))];

  assert.equal(none.length, 0);
  assert.ok(Math.abs(mild.length - 500) < 60 && Math.abs(strong.size - 1200) < 70, `${mild.length} ${strong.size}`);
  assert.ok(mild.every((index) => strong.has(index)));
});

test("what helped last time is what the incident before declares, and nothing before the first", () => {
  for (let index = 1; index < 12; index += 1) {
    const [planned] = scenarioAt(9, index - 1).faults;
    const fault = FAULTS.find(({ id }) => id === planned?.fault);

    const helped = lastHelped(scenarioAt(9, index));

    assert.equal(helped?.family, fault?.family);
    for (const runbook of helped?.runbooks ?? [])
      assert.ok(
        fault
          ?.remedies(planned?.parameters ?? {})
          .some((one) => one.runbook === runbook && /^(heal|ease)s$/.test(one.does)),
      );
  }
  assert.equal(lastHelped(scenarioAt(9, 0)), null);
});

test("nobody is called by an unknown name", () => {
  assert.throws(() => personNamed(1, "nobody"), RangeError);
});
