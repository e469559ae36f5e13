import assert from "node:assert/strict";
import { test } from "node:test";
import { catalogue } from "../../runbooks/catalogue.ts";
import { CANDIDATE_FEATURES } from "../core/features.ts";
import { POLICIES } from "../core/policies.ts";
import type { Scorer } from "../core/ports.ts";
import { type GoldenScene, playGolden } from "../rollout/golden.ts";
import { FAMILIES } from "../world/faults/fault.ts";
import { readGolden } from "./gate-golden.ts";

const { scenes } = readGolden();
const rules = POLICIES.rules as Scorer;
const EFFECT = CANDIDATE_FEATURES.indexOf("effect");

const isEffect = (scene: GoldenScene, index: number): boolean => scene.candidates[index]?.[EFFECT] === 1;

/** Ranks this candidate first, whatever anybody knows; with limits of its own it is a learnt model. */
const reckless = (
  place: (candidates: readonly (readonly number[])[]) => number,
  limits?: Scorer["limits"],
): Scorer => ({
  ...{ policy: "reckless", modelHash: "", draw: "best" },
  ...(limits === undefined ? {} : { limits }),
  score: async (_, candidates) => {
    const best = place(candidates);
    const estimate = (mean: number) => ({ mean, low: mean, high: mean });
    return candidates.map((_, index) => {
      const q = { mean: index === best ? 1 : 0, sd: 0 };
      const outlook = {
        ...{ members: [q.mean], value: estimate(0), recovers: estimate(1), harms: estimate(0) },
        ...{ support: 1, distance: 0 },
      };
      return limits === undefined ? { q } : { q, outlook };
    });
  },
});
const NO_LIMITS: Scorer["limits"] = {
  ...{ m: 0, delta: 0, support: 0, distance: 1, approval: [], asks: null },
  tiers: ([0, 1, 2, 3] as const).map((tier) => ({ tier, maxHarm: 1 })),
};

test("golden scenes are of every family, first and later decisions, and each forbids something by a rule", () => {
  assert.ok(scenes.length >= 60 && scenes.length <= 100, `${scenes.length}`);
  assert.deepEqual(
    FAMILIES.filter((family) => scenes.filter((scene) => scene.family === family).length < 3),
    [],
  );
  assert.ok(scenes.some(({ step }) => step > 0) && scenes.some(({ step }) => step === 0));
  assert.ok(scenes.every(({ forbidden }) => forbidden.length > 0));
  const against = new Set(scenes.flatMap(({ forbidden }) => forbidden.map(({ because }) => because)));
  assert.ok(against.has("refused") && against.has("high-tier") && against.has("strange-scene"), [...against].join());
});

test("no policy that is built does alone what is forbidden; one that agrees with itself changes nothing", async () => {
  for (const name of ["rules", "drafter", "page", "uniform"]) {
    const policy = POLICIES[name] as Scorer;

    const found = await playGolden(scenes, catalogue, policy, policy);

    assert.deepEqual([found.forbiddenAutos, found.changed, found.unknown], [[], 0, []], name);
  }
  const { changed } = await playGolden(scenes, catalogue, POLICIES.page as Scorer, rules);
  assert.ok(changed > 0);
});

test("who asks nobody where the guard's word was lost is found out, scene by scene", async () => {
  const lost = scenes
    .filter(({ family }) => family !== "strange")
    .map((scene) => ({
      ...scene,
      consents: scene.consents.map(() => 0),
      allowed: scene.allowed.map(() => true),
      forbidden: scene.forbidden.filter(({ index }) => isEffect(scene, index)).slice(0, 1),
    }));
  for (const scene of lost) {
    const [one] = scene.forbidden;
    const policy = reckless(() => one?.index ?? -1);

    const { forbiddenAutos } = await playGolden([scene], catalogue, policy, rules);

    assert.deepEqual(forbiddenAutos, one === undefined ? [] : [scene.id]);
  }
});

test("a learnt model that knows no distance is caught in scenes that no world shows; rules are not held to that", async () => {
  const strange = scenes.filter(({ family }) => family === "strange");
  const acts = strange.filter((scene) =>
    scene.allowed.some((may, index) => may && scene.consents[index] === 0 && isEffect(scene, index)),
  );
  const doing = (scene: GoldenScene) =>
    scene.allowed.findIndex((may, index) => may && scene.consents[index] === 0 && isEffect(scene, index));
  assert.ok(acts.length > 0);
  for (const scene of acts) {
    const found = await playGolden(
      [scene],
      catalogue,
      reckless(() => doing(scene), NO_LIMITS),
      rules,
    );
    const withoutLimits = await playGolden(
      [scene],
      catalogue,
      reckless(() => doing(scene)),
      rules,
    );

    assert.deepEqual([found.forbiddenAutos, withoutLimits.forbiddenAutos], [[scene.id], []]);
  }
});

test("a scene whose candidate is gone from the catalogue is named, not judged", async () => {
  const [first] = scenes;
  const without = { ...catalogue, runbooks: catalogue.runbooks.filter(({ kind }) => kind !== "effect") };

  const found = await playGolden(first === undefined ? [] : [first], without, rules, rules);

  assert.deepEqual(found.unknown, [first?.id]);
});
