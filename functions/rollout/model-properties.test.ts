import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { maskHolds, permutationHolds, type RawOutputs, type RawScene } from "./model-properties.ts";

const MEMBERS = 2;
const value = fc.double({ min: -3, max: 3, noNaN: true });
const anyScene: fc.Arbitrary<RawScene> = fc.integer({ min: 2, max: 6 }).chain((K) =>
  fc
    .record({
      state: fc.array(value, { minLength: 3, maxLength: 3 }),
      candidates: fc.array(fc.array(value, { minLength: 2, maxLength: 2 }), { minLength: K, maxLength: K }),
      allowed: fc.array(fc.boolean(), { minLength: K, maxLength: K }),
      last: fc.nat(K - 1),
    })
    .map(({ last, ...scene }) => ({ ...scene, allowed: scene.allowed.map((may, k) => may || k === last) })),
);

const sum = (values: readonly number[]): number => values.reduce((total, one) => total + one, 0);

/** A model that keeps both properties: each candidate by itself, the mask in the softmax alone. */
const sound = async ({ state, candidates, allowed }: RawScene): Promise<RawOutputs> => {
  const each = (of: (vector: readonly number[], member: number) => number): number[] =>
    Array.from({ length: MEMBERS }, (_, m) => candidates.map((vector) => of(vector, m))).flat();
  const logits = candidates.map((vector) => sum(vector));
  const total = Math.log(sum(logits.map((logit, k) => (allowed[k] === true ? Math.exp(logit) : 0))));
  return {
    q: each((vector, m) => sum(vector) * (m + 1) + sum(state)),
    value: each((vector) => -Math.abs(sum(vector))),
    p_recover: each((vector) => 1 / (1 + Math.exp(-sum(vector)))),
    p_harm: each(() => 0.1),
    log_pi_b: logits.map((logit, k) => (allowed[k] === true ? logit - total : -40)),
    ood: [Math.abs(sum(state))],
  };
};

test("a model that scores each candidate by itself keeps both properties in any scene", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyScene, { minLength: 1, maxLength: 4 }), async (scenes) => {
      const [permutation, mask] = [await permutationHolds(scenes, sound), await maskHolds(scenes, sound)];

      assert.deepEqual(
        [permutation, mask],
        [1, 2].map(() => ({ scenes: scenes.length, failures: 0, first: null })),
      );
    }),
  );
});

const SCENE: RawScene = {
  state: [1, 2, 3],
  candidates: [
    [1, 0],
    [0.5, 0.25],
    [-1, 2],
    [0.1, 0.7],
  ],
  allowed: [true, false, true, true],
};
type Broken = readonly [name: string, run: (scene: RawScene) => Promise<RawOutputs>];

const BY_PLACE: readonly Broken[] = [
  ["q depends on the place", async (scene) => withQ(await sound(scene), (q, i) => q + i * 1e-3)],
  [
    "the scene's distance depends on the first candidate",
    async (scene) => ({ ...(await sound(scene)), ood: [scene.candidates[0]?.[0] ?? 0] }),
  ],
  ["nothing is finite", async (scene) => withQ(await sound(scene), () => Number.NaN)],
];
const BY_MASK: readonly Broken[] = [
  [
    "a masked candidate keeps a probability",
    async (scene) => ({ ...(await sound({ ...scene, allowed: scene.allowed.map(() => true) })) }),
  ],
  [
    "q rests on the mean of all candidates, masked ones too",
    async (scene) => withQ(await sound(scene), (q) => q - sum(scene.candidates.flat()) / 4),
  ],
  [
    "what is masked gets almost the agreed number",
    async (scene) => {
      const said = await sound(scene);
      return { ...said, log_pi_b: Array.from(said.log_pi_b, (one) => (one === -40 ? -39.999 : one)) };
    },
  ],
  ["a number too few", async (scene) => ({ ...(await sound(scene)), ood: [] })],
];

const withQ = (said: RawOutputs, change: (q: number, index: number) => number): RawOutputs => ({
  ...said,
  q: Array.from(said.q, change),
});

for (const [name, run] of BY_PLACE)
  test(`the order of candidates matters where ${name}, which is found`, async () => {
    const { scenes, failures, first } = await permutationHolds([SCENE, SCENE], run);

    assert.equal(scenes, 2);
    assert.ok(failures > 0 && first !== null);
  });

for (const [name, run] of BY_MASK)
  test(`the mask does not hold where ${name}, which is found`, async () => {
    const { failures } = await maskHolds([SCENE, { ...SCENE, allowed: [true, true, true, false] }], run);

    assert.ok(failures > 0, name);
  });

test("where nothing was refused, something is masked for the occasion", async () => {
  const leaky: Broken[1] = async (scene) =>
    withQ(await sound(scene), (q) => q + (scene.allowed.includes(false) ? sum(scene.candidates.flat()) : 0));

  const { failures } = await maskHolds([{ ...SCENE, allowed: [true, true, true, true] }], leaky);

  assert.equal(failures, 1);
});
