import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { allow, candidateWith, catalogue, contextWith, PAGE, refuse, WAIT } from "../core/example.fixture.ts";
import { encodeCandidate } from "../core/features.ts";
import { POLICIES } from "../core/policies.ts";
import { BLIND_POLICIES } from "./blind-policies.ts";
import { executedIn, type Scene } from "./tree.ts";

type Shape = Readonly<{ fit: number | null; rank: number | null; isAllowed: boolean }>;

const sceneOf = (shapes: readonly Shape[], decision = 0): Scene => {
  const effects = shapes.map(({ isAllowed, ...shape }, place) => {
    const candidate = candidateWith({ ...shape, target: `arn:${place}` });
    return isAllowed ? allow(candidate) : refuse(candidate);
  });
  const verdicts = [...effects, allow(WAIT), allow(PAGE)];
  const context = contextWith();
  const candidates = verdicts.map(({ candidate }) => encodeCandidate(context, candidate, catalogue));
  return { decision, state: [], candidates, verdicts };
};

const shape = fc.record({
  fit: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
  rank: fc.option(fc.nat(31)),
  isAllowed: fc.boolean(),
});
const shapes = fc.array(shape, { maxLength: 8 });

const executedBy = async (name: string, scene: Scene, stream = "day"): Promise<number> =>
  executedIn(scene, (await BLIND_POLICIES.get(name)?.(scene, stream)) ?? assert.fail(name), catalogue);

for (const name of BLIND_POLICIES.keys())
  test(`${name}: what is executed is allowed, and the same again`, async () => {
    await fc.assert(
      fc.asyncProperty(shapes, fc.nat(5), async (made, decision) => {
        const scene = sceneOf(made, decision);

        const executed = await executedBy(name, scene);

        assert.equal(scene.verdicts[executed]?.kind, "allowed");
        assert.equal(executed, await executedBy(name, sceneOf(made, decision)));
      }),
    );
  });

const EIGHT: readonly Shape[] = [0.9, 0.8, 0.7, 0.6].flatMap((fit) => [
  { fit, rank: null, isAllowed: true },
  { fit: fit + 0.05, rank: null, isAllowed: false },
]);
const DRAWS = Array.from({ length: 400 }, (_, decision) => decision);

const drawnBy = async (name: string, stream = "day"): Promise<readonly number[]> =>
  Promise.all(DRAWS.map((decision) => executedBy(name, sceneOf(EIGHT, decision), stream)));

test("uniform: every allowed candidate is drawn about as often, and no other", async () => {
  const drawn = await drawnBy("uniform");

  const counts = Map.groupBy(drawn, (index) => index);
  assert.deepEqual([...counts.keys()].sort(), [0, 2, 4, 6, 8, 9]);
  assert.ok([...counts.values()].every(({ length }) => length > 40 && length < 95));
});

test("random-of-three: each of the three best-ranked allowed effects is drawn about as often, and no other", async () => {
  const drawn = await drawnBy("random-of-three");

  const counts = Map.groupBy(drawn, (index) => index);
  assert.deepEqual([...counts.keys()].sort(), [0, 2, 4]);
  assert.ok([...counts.values()].every(({ length }) => length > 100));
});

test("random-of-three: without an effect that is allowed it calls a person", async () => {
  const scene = sceneOf([{ fit: 0.9, rank: 0, isAllowed: false }]);

  const executed = await executedBy("random-of-three", scene);

  assert.equal(scene.verdicts[executed]?.candidate, PAGE);
});

for (const name of ["uniform", "random-of-three"])
  test(`${name}: days and policies of other names have other draws`, async () => {
    assert.notDeepEqual(await drawnBy(name, "day 1"), await drawnBy(name, "day 2"));
  });

for (const name of ["rules", "drafter", "page"])
  test(`${name}: scores are those of the policy that is deployed`, async () => {
    await fc.assert(
      fc.asyncProperty(shapes, async (made) => {
        const scene = sceneOf(made);

        const scores = await BLIND_POLICIES.get(name)?.(scene, "day");

        assert.deepEqual(scores, await POLICIES[name]?.score(scene.state, scene.candidates));
      }),
    );
  });
