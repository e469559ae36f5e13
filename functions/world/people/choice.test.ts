import assert from "node:assert/strict";
import { test } from "node:test";
import { fork } from "../world.ts";
import { chooseLikeAPerson, type Option } from "./choice.ts";
import { type Confounding, isTold } from "./knowledge.ts";
import type { Grade } from "./person.ts";
import { placeIn, quarrelling, quarrelScenario } from "./quarrel.fixture.ts";
import { onCallOf } from "./rota.ts";

const INDICES = Array.from({ length: 200 }, (_, index) => index);

const optionsAt = (target: string): readonly Option[] => [
  { runbook: "poison", target, isWait: false, isPage: false },
  { runbook: "charm", target, isWait: false, isPage: false },
  { runbook: "cure", target: `${target}-elsewhere`, isWait: false, isPage: false },
  { runbook: "wait", target: null, isWait: true, isPage: false },
  { runbook: "cure", target, isWait: false, isPage: false },
  { runbook: "page", target: null, isWait: false, isPage: true },
];
const CURE = 4;
const ELSEWHERE = 2;

/** The choices of those on call of a grade, one an incident, with whether they were told. */
const choices = (oncall: Grade, confounding: Confounding, drop: readonly string[] = []) =>
  INDICES.map((index) => {
    const world = quarrelling(quarrelScenario(index, { oncall, confounding }));
    const options = optionsAt(placeIn(world)).filter(({ runbook }) => !drop.includes(runbook));
    const chosen = chooseLikeAPerson(world, onCallOf(world.scenario).id, "quell-x/0", options);
    return { chosen, option: options[chosen], told: isTold(world.scenario) };
  });
const cured = (grade: Grade): number =>
  choices(grade, "none").filter(({ chosen }) => chosen === CURE).length / INDICES.length;

test("the better somebody knows the system the more often they choose what heals", () => {
  const [novices, average, experts] = [cured("novice"), cured("average"), cured("expert")];

  assert.ok(novices < average && average < experts, JSON.stringify({ novices, average, experts }));
  assert.equal(experts, 1);
});

test("people choose everything at times: what harms, the wrong place, waiting, and calling somebody", () => {
  const chosen = new Set(choices("novice", "none").map(({ chosen: index }) => index));

  assert.deepEqual([...chosen].toSorted(), [0, 1, 2, 3, 4, 5]);
});

test("whoever understands it slips to another place at times, and whoever was told does not", () => {
  const slipped = choices("average", "strong").filter(({ chosen }) => chosen === ELSEWHERE);

  assert.ok(slipped.length > 0);
  assert.ok(slipped.every(({ told }) => !told));
});

test("what people were told changes the choices of those who were told, to what heals, and of nobody else", () => {
  const never = choices("average", "none");
  const often = choices("average", "strong");

  const changed = often.filter(({ chosen }, index) => chosen !== never[index]?.chosen);

  assert.ok(changed.length > 30, `${changed.length} changed`);
  assert.ok(changed.every(({ told, chosen }) => told && chosen === CURE));
});

test("who knows that no candidate helps calls somebody", () => {
  const chosen = choices("expert", "none", ["cure"]).map(({ option }) => option?.isPage);

  assert.ok(chosen.every((isPage) => isPage === true));
});

test("the same person chooses the same in a fork, and choosing changes nothing", () => {
  for (const index of INDICES.slice(0, 20)) {
    const world = quarrelling(quarrelScenario(index));
    const before = JSON.stringify(world);
    const choose = (one: typeof world): number =>
      chooseLikeAPerson(one, onCallOf(one.scenario).id, "quell-x/1", optionsAt(placeIn(one)));

    assert.equal(choose(fork(world)), choose(world));
    assert.ok(JSON.stringify(world) === before);
  }
});

test("nobody chooses among nothing", () => {
  const world = quarrelling(quarrelScenario(0));

  assert.throws(() => chooseLikeAPerson(world, "ana", "quell-x/0", []), RangeError);
});
