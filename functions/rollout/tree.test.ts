import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import fc from "fast-check";
import { allow, candidateWith, catalogue, PAGE, refuse, WAIT } from "../core/example.fixture.ts";
import type { Score, Verdict } from "../core/stages.ts";
import { uniform } from "../world/random.ts";
import type { World } from "../world/state.ts";
import { alone } from "./alone.fixture.ts";
import { executedIn, type Play, type PriceOf, playTogether, type Scene } from "./tree.ts";

const NO_WORLD = {} as World;
const VALUES = [0, 0.5, 1, null, Number.NaN];

const effectOn = (target: string, isAllowed: boolean): Verdict => {
  const candidate = candidateWith({ target });
  return isAllowed ? allow(candidate) : refuse(candidate, "lease-held");
};

/** A day without a world: what it asks next follows from all that was executed before, and when it ends as well. */
const gameOf =
  (seed: number, plays: string[] = []): Play<string> =>
  async (policy) => {
    const { score } = policy(NO_WORLD, new Map());
    let past = `${seed}`;
    for (let decision = 0; decision < 6 && uniform(past, 0) < 0.8; decision += 1) {
      const effects = Array.from({ length: Math.floor(uniform(past, 1) * 4) }, (_, place) =>
        effectOn(`arn:${place}`, uniform(past, 2 + place) < 0.7),
      );
      const verdicts = [...effects, allow(WAIT), allow(PAGE)];
      const [state, candidates] = [[uniform(past, 9)], verdicts.map((_, place) => [uniform(past, 10 + place)])];
      const scores = await score(state, candidates, verdicts).catch(() => []);
      past += `>${executedIn({ decision, state, candidates, verdicts }, scores, catalogue)}`;
    }
    plays.push(past);
    return past;
  };

const scoreOf = (mean: number): Score => ({ q: { mean, sd: 0 } });

/** Scores of whoever is called so, some of them missing or no number. */
const drawnScores: PriceOf = () => async (scene, policies) =>
  new Map(
    policies.map((policy) => [policy, scene.candidates.map((vector, place) => drawn(scene, policy, vector, place))]),
  );

const drawn = (scene: Scene, policy: string, vector: readonly number[], place: number): Score | null => {
  const mean = VALUES[Math.floor(uniform(`${policy}|${vector}`, scene.decision * 40 + place) ** 2 * VALUES.length)];
  return mean === undefined || mean === null ? null : scoreOf(mean);
};

const names = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 2 }), { minLength: 1, maxLength: 12 });

test("every policy has the day that it has alone, and no path is played twice", async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(), names, async (seed, policies) => {
      const plays: string[] = [];

      const paths = await playTogether(gameOf(seed, plays), catalogue, policies, drawnScores);

      const together = new Map(paths.flatMap((path) => path.policies.map((name) => [name, path.end])));
      assert.deepEqual(paths.flatMap((path) => path.policies).sort(), policies.toSorted());
      for (const name of policies)
        assert.equal(together.get(name), await gameOf(seed)(alone(name, drawnScores, () => scoreOf(Number.NaN))));
      assert.equal(plays.length, new Set(plays).size);
      assert.deepEqual(
        paths.map(({ executed }) => [seed, ...executed].join(">")),
        plays,
      );
    }),
  );
});

test("all of a group are scored at once, and nobody is asked where the play was led", async () => {
  const asked: string[] = [];
  const counting: PriceOf = (world, documents) => async (scene, policies) => {
    asked.push(...policies.map((policy) => `${scene.decision} ${policy}`));
    return drawnScores(world, documents)(scene, policies);
  };

  for (let seed = 0; seed < 30; seed += 1) {
    asked.length = 0;
    const paths = await playTogether(gameOf(seed), catalogue, ["a", "b", "c", "d"], counting);
    const decisions = paths.flatMap(({ executed, policies }) =>
      policies.flatMap((policy) => executed.map((_, decision) => `${decision} ${policy}`)),
    );
    assert.deepEqual(asked.toSorted(), decisions.sort());
  }
});

test("incidents of a day that ask at once are answered one after the other", async () => {
  const both: Play<string> = async (policy) => {
    const { score } = policy(NO_WORLD, new Map());
    const asked = ["arn:1", "arn:2"].map((target) => score([], [[], []], [effectOn(target, true), allow(PAGE)]));
    return (await Promise.all(asked)).map((scores) => scores.map(({ q }) => q.mean).join("")).join(" ");
  };
  // `a` acts twice, `b` calls a person first, `c` second; and the second answer comes first.
  const slow: PriceOf = () => async (scene, policies) => {
    for (let waited = scene.decision; waited < 5; waited += 1) await turn();
    const pages = (policy: string): boolean => policy === ["b", "c"][scene.decision];
    return new Map(policies.map((policy) => [policy, [0, 1].map((place) => scoreOf(pages(policy) ? place : -place))]));
  };

  const paths = await playTogether(both, catalogue, ["a", "b", "c"], slow);

  const found = paths.map(({ policies, executed, end }) => `${policies}: ${executed}: ${end}`);
  assert.deepEqual(found.sort(), ["a: 0,0: 10 10", "b: 1,0: 01 10", "c: 0,1: 10 01"]);
});

test("what the scoring throws ends it, although whoever asks takes it for an abstention", async () => {
  const failing: PriceOf = () => async () => Promise.reject(new Error("the server is gone"));

  const played = playTogether(gameOf(1), catalogue, ["a"], failing);

  await assert.rejects(played, /the server is gone/);
});

test("a day that is not the same again is found", async () => {
  let plays = 0;
  const moody: Play<string> = async (policy) => {
    plays += 1;
    const { score } = policy(NO_WORLD, new Map());
    const verdicts = [effectOn(`arn:${plays}`, true), allow(PAGE)];
    await score([], [[], []], verdicts).catch(() => []);
    return "";
  };
  // The first who is asked calls a person, the other one acts.
  const divided: PriceOf = () => async (scene, policies) =>
    new Map(
      policies.map((policy) => [policy, scene.verdicts.map((_, place) => scoreOf(policy === "a" ? place : -place))]),
    );

  const played = playTogether(moody, catalogue, ["a", "b"], divided);

  await assert.rejects(played, /decision 0 was .* on arn:1 and is now .* on arn:2/);
});
