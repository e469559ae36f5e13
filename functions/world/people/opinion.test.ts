import assert from "node:assert/strict";
import { test } from "node:test";
import { scenarioWith } from "../scenario.ts";
import { createWorld, fork } from "../world.ts";
import { isTold } from "./knowledge.ts";
import { answersAfterSeconds, OBJECTIONS, opinionOf } from "./opinion.ts";
import { type Grade, personNamed } from "./person.ts";
import { placeIn, quarrelling, quarrelScenario } from "./quarrel.fixture.ts";
import { isNight, onCallOf } from "./rota.ts";

const INDICES = Array.from({ length: 150 }, (_, index) => index);

/** What those on call of a grade say to a runbook, one opinion an incident. */
const opinionsOn = (runbook: string, oncall: Grade, tier = 1, confounding: "none" | "mild" | "strong" = "mild") =>
  INDICES.map((index) => {
    const world = quarrelling(quarrelScenario(index, { oncall, confounding }));
    const question = { decisionId: "quell-x/0", runbook, target: placeIn(world), tier };
    return { world, opinion: opinionOf(world, onCallOf(world.scenario).id, question) };
  });
const approvals = (runbook: string, oncall: Grade, tier?: number): number =>
  opinionsOn(runbook, oncall, tier).filter(({ opinion }) => opinion.answer === "approve").length / INDICES.length;

test("what heals is approved more often than what harms, the more so the better somebody knows the system", () => {
  const margin = (grade: Grade): number => approvals("cure", grade) - approvals("poison", grade);

  const [novices, average, experts] = [margin("novice"), margin("average"), margin("expert")];

  assert.ok(0 < novices && novices < average && average < experts, JSON.stringify({ novices, average, experts }));
  assert.ok(approvals("poison", "expert") === 0);
});

test("a graver plan is turned down more often, whatever it would do", () => {
  for (const grade of ["novice", "average", "expert"] as const)
    assert.ok(approvals("cure", grade, 3) < approvals("cure", grade, 0), grade);
});

test("the same person says the same to the same question, in a fork too, and changes nothing by it", () => {
  for (const index of INDICES.slice(0, 20)) {
    const world = quarrelling(quarrelScenario(index));
    const before = JSON.stringify(world);
    const question = { decisionId: "quell-x/1", runbook: "charm", target: placeIn(world), tier: 2 };
    const { id } = onCallOf(world.scenario);

    const opinions = [opinionOf(world, id, question), opinionOf(fork(world), id, question)];

    assert.deepEqual(opinions[1], opinions[0]);
    assert.ok(JSON.stringify(world) === before);
  }
});

test("an approval has no reason, and a rejection has one of the list", () => {
  const opinions = ["cure", "balm", "charm", "poison", "unheard-of"].flatMap((runbook) =>
    opinionsOn(runbook, "average", 3).map(({ opinion }) => opinion),
  );

  assert.ok(opinions.every(({ answer, reason }) => (answer === "approve") === (reason === null)));
  assert.deepEqual(
    new Set(opinions.flatMap(({ reason }) => reason ?? [])),
    new Set(OBJECTIONS.filter((one) => one !== "already-recovered")),
  );
});

test("where all is well most people say so, whatever is asked", () => {
  const opinions = INDICES.map((index) => {
    const world = createWorld(scenarioWith(52, index, "none", { services: 5 }));
    return opinionOf(world, onCallOf(world.scenario).id, { decisionId: "q/0", runbook: "cure", target: null, tier: 0 });
  });

  const recovered = opinions.filter(({ reason }) => reason === "already-recovered").length;

  assert.ok(recovered > 0.8 * INDICES.length && recovered < INDICES.length, `${recovered}`);
});

test("what people were told changes the opinions of those who were told, and of nobody else", () => {
  const never = opinionsOn("charm", "novice", 1, "none");
  const often = opinionsOn("charm", "novice", 1, "strong");

  const changed = never.map(({ opinion }, index) => opinion.answer !== often[index]?.opinion.answer);

  const told = often.map(({ world }) => isTold(world.scenario));
  assert.ok(changed.every((isChanged, index) => !isChanged || told[index]));
  assert.ok(changed.filter((isChanged) => isChanged).length > 10);
});

test("answers come later at night, and more of them after half an hour", () => {
  const world = quarrelling(quarrelScenario(0));
  const person = personNamed(51, "dov");
  const hours = Array.from({ length: 24 * 60 }, (_, index) => world.nowMs + index * 3_600_000);
  const seconds = (isAsleep: boolean): readonly number[] =>
    hours
      .filter((atMs) => isNight(person, atMs) === isAsleep)
      .map((atMs) => answersAfterSeconds(world, person, `quell-${atMs}/0`, atMs))
      .toSorted((one, other) => one - other);

  const [day, night] = [seconds(false), seconds(true)];

  const median = (values: readonly number[]): number => values[Math.floor(values.length / 2)] ?? 0;
  const late = (values: readonly number[]): number => values.filter((one) => one > 1800).length / values.length;
  assert.ok(median(night) > 2 * median(day), `${median(night)} at night, ${median(day)} by day`);
  assert.ok(late(day) > 0 && late(night) > 2 * late(day), `${late(night)} at night, ${late(day)} by day`);
});
