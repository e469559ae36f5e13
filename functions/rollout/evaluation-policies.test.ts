import assert from "node:assert/strict";
import { test } from "node:test";
import { allow, candidateWith, catalogue, contextWith, PAGE, WAIT } from "../core/example.fixture.ts";
import { encodeCandidate } from "../core/features.ts";
import type { World } from "../world/state.ts";
import { type AskModels, judgedPolicy, POLICY_NAMES, pricesOf } from "./evaluation-policies.ts";
import type { Scene } from "./tree.ts";

const VERDICTS = [allow(candidateWith()), allow(WAIT), allow(PAGE)];
const SCENE: Scene = {
  decision: 0,
  state: [],
  candidates: VERDICTS.map(({ candidate }) => encodeCandidate(contextWith(), candidate, catalogue)),
  verdicts: VERDICTS,
};

const pricing = (names: readonly string[], ask: AskModels) => {
  const policies = names.map((name) => judgedPolicy(name) ?? assert.fail(name));
  return pricesOf(policies, catalogue, ask, "day")({} as World, new Map());
};

/** Every model says 1, 2, 3 with a spread of its own. */
const oneTwoThree: AskModels = async (_scene, models) =>
  new Map(models.map((model) => [model, [1, 2, 3].map((mean) => ({ q: { mean, sd: 0.1 } }))]));

const score = (mean: number) => ({ q: { mean, sd: 0.1 } });

test("a model is asked once a scene for all its variants, and only where somebody needs it", async () => {
  const asked: (readonly string[])[] = [];
  const names = ["model:a", "model:a+page:1", "model:b+page:-1", "rules"];
  const price = pricing(names, (scene, models) => {
    asked.push(models);
    return oneTwoThree(scene, models);
  });

  await price(SCENE, names);
  await price(SCENE, ["rules"]);
  await price(SCENE, ["rules", "model:a+page:1"]);

  assert.deepEqual(asked, [["a", "b"], ["a"]]);
});

for (const [name, page] of [
  ["model:a", 3],
  ["model:a+page:0.25", 3.25],
  ["model:a+page:-10", -7],
  ["model:a+page:1e-05", 3.00001],
] as const)
  test(`${name}: the delta is added to calling a person, and to nothing else`, async () => {
    const scores = await pricing([name], oneTwoThree)(SCENE, [name]);

    assert.deepEqual(scores.get(name), [score(1), score(2), score(page)]);
  });

test("a scene that a model cannot score has no scores, and others keep theirs", async () => {
  const names = ["model:a", "model:a+page:1", "page"];

  const scores = await pricing(names, async () => new Map([["a", null]]))(SCENE, names);

  assert.deepEqual([scores.get("model:a"), scores.get("model:a+page:1"), scores.get("page")?.length], [[], [], 3]);
});

test("every policy without a model is found by its name, and nothing else is", () => {
  const found = POLICY_NAMES.map((name) => judgedPolicy(name)?.name);
  const others = ["", "model:", "model:a+page:", "model:a+page:x", "model:a+else:1", "Rules", "toString"];

  assert.deepEqual(found, POLICY_NAMES);
  assert.deepEqual(
    others.map(judgedPolicy),
    others.map(() => null),
  );
});
