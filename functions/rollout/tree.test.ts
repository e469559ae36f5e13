import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import fc from "fast-check";
import { choose } from "../core/choose.ts";
import { allow, candidateWith, catalogue, PAGE, refuse, shareOf, WAIT } from "../core/example.fixture.ts";
import type { Limits, Score, Verdict } from "../core/stages.ts";
import { uniform } from "../world/random.ts";
import type { World } from "../world/state.ts";
import { alone } from "./alone.fixture.ts";
import { executedIn, type Manner, type Play, type PriceOf, playTogether, type Scene, type Taken } from "./tree.ts";

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

const consentsAt = (past: string, place: number): 0 | 1 => (uniform(past, 20 + place) < 0.7 ? 0 : 1);

/** The same kind of day, which goes on by whether a person had to be asked as well. */
const askingGame = async (seed: number, decide: (scene: Scene) => Promise<Taken>): Promise<string> => {
  let past = `${seed}`;
  for (let decision = 0; decision < 5 && uniform(past, 0) < 0.85; decision += 1) {
    const effects = Array.from({ length: Math.floor(uniform(past, 1) * 4) }, (_, place) =>
      allow(candidateWith({ target: `arn:${place}` }), { consents: consentsAt(past, place) }),
    );
    const verdicts = [...effects, allow(WAIT), allow(PAGE)];
    const [state, candidates] = [[uniform(past, 9)], verdicts.map((_, place) => [uniform(past, 10 + place)])];
    const { index, asks } = await decide({ decision, state, candidates, verdicts });
    const verdict = verdicts[index];
    past += `>${index}${verdict?.consents === 1 || asks ? "?" : "!"}`;
  }
  return past;
};

const takenIn = (scene: Scene, scores: readonly (Score | null)[], limits: Limits | undefined): Taken => {
  const { state, candidates, verdicts } = scene;
  const priced = verdicts.map((verdict, i) => ({ verdict, features: candidates[i] ?? [], score: scores[i] ?? null }));
  const terms = { incidentId: "", step: 0, nowMs: 0, approvalSeconds: 0, draw: "best", scorerFailure: null } as const;
  const { weighed, result } = choose({ ...terms, catalogue, priced, state, limits });
  const index = weighed.findIndex(({ probability }) => probability === 1);
  return { index, asks: result.kind === "chosen" && result.asks !== null };
};

/** A day that asks a scorer, as the shipped one does: it takes what the scorer's own limits make of its scores. */
const askingPlay =
  (seed: number, plays: string[] = []): Play<string> =>
  async (policy) => {
    const { score, limits } = policy(NO_WORLD, new Map());
    const past = await askingGame(seed, async (scene) => {
      const scores = await score(scene.state, scene.candidates, scene.verdicts).catch(() => []);
      return takenIn(scene, scores, limits);
    });
    plays.push(past);
    return past;
  };

const LIMITS: Limits = {
  ...{ m: 1, delta: 0, support: 0.3, distance: 0.9, approval: [], asks: null },
  tiers: ([0, 1, 2, 3] as const).map((tier) => ({ tier, maxHarm: 0.7 })),
};

/** Scores of a learnt model of this name, which knows how sure it is. */
const drawnOutlooks: PriceOf = () => async (scene, policies) =>
  new Map(
    policies.map((policy) => [
      policy,
      scene.candidates.map((vector, place) => {
        const at = (number: number): number =>
          uniform(`${policy}|${vector}`, scene.decision * 100 + place * 10 + number);
        const members = [at(0), at(1)];
        const q = { mean: (at(0) + at(1)) / 2, sd: Math.abs(at(0) - at(1)) / 2 };
        const shares = { value: shareOf(0), recovers: shareOf(at(2)), harms: shareOf(at(3)) };
        return { q, outlook: { members, ...shares, support: at(4), distance: uniform(policy, scene.decision) } };
      }),
    ]),
  );

/** By the name's first letter: no limits, limits, a page in place of a question, a page by chance. */
const mannerOf = (policy: string): Manner => {
  const pages = ({ verdicts }: Scene): Taken => ({ index: verdicts.length - 1, asks: false });
  const manners: readonly Manner[] = [
    {},
    { limits: LIMITS },
    { limits: LIMITS, turns: (taken, scene) => (taken.asks ? pages(scene) : taken) },
    { limits: LIMITS, turns: (taken, scene) => (uniform(policy, scene.decision) < 0.3 ? pages(scene) : taken) },
  ];
  return manners[(policy.codePointAt(0) ?? 0) % manners.length] ?? {};
};

test("whoever asks a person where others do not has the day of its own, and nobody is led to ask another one", async () => {
  let asked = 0;
  await fc.assert(
    fc.asyncProperty(fc.nat(), names, async (seed, policies) => {
      const plays: string[] = [];

      const paths = await playTogether(askingPlay(seed, plays), catalogue, policies, drawnOutlooks, mannerOf);

      const together = new Map(paths.flatMap((path) => path.policies.map((name) => [name, path.end])));
      assert.equal(plays.length, new Set(plays).size);
      const price = drawnOutlooks(NO_WORLD, new Map());
      for (const name of policies) {
        const { limits, turns } = mannerOf(name);
        const alone = await askingGame(seed, async (scene) => {
          const taken = takenIn(scene, (await price(scene, [name])).get(name) ?? [], limits);
          asked += taken.asks ? 1 : 0;
          return turns?.(taken, scene) ?? taken;
        });
        assert.equal(together.get(name), alone, name);
      }
    }),
  );
  assert.ok(asked > 50, `${asked}`);
});

test("what choose says is heard once a decision of whoever it is said to", async () => {
  const heard: string[] = [];
  const hearing = (policy: string): Manner => ({ ...mannerOf(policy), hears: () => heard.push(policy) });

  for (let seed = 0; seed < 20; seed += 1) {
    heard.length = 0;
    const paths = await playTogether(askingPlay(seed), catalogue, ["a", "b", "c", "d"], drawnOutlooks, hearing);
    const decisions = paths.flatMap(({ executed, policies }) => policies.flatMap((name) => executed.map(() => name)));
    assert.deepEqual(heard.toSorted(), decisions.toSorted());
  }
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
