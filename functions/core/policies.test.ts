import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Context } from "./context.ts";
import { API_ARN, candidateWith, catalogue, contextWith, PAGE, WAIT } from "./example.fixture.ts";
import { CANDIDATE_FEATURES, encodeCandidate, encodeState } from "./features.ts";
import { POLICIES } from "./policies.ts";
import type { Scorer } from "./ports.ts";
import type { Candidate, Tried } from "./stages.ts";

const { rules, drafter, uniform, page } = POLICIES as Readonly<
  Record<"rules" | "drafter" | "uniform" | "page", Scorer>
>;

const meansOf = async (policy: Scorer, context: Context, candidates: readonly Candidate[]) => {
  const features = candidates.map((one) => encodeCandidate(context, one, catalogue));
  return (await policy.score(encodeState(context), features)).map((score) => score.q.mean);
};

const failed = (times: number): Context =>
  contextWith({
    tried: Array.from(
      { length: times },
      (_, step): Tried => ({ step, runbook: "restart", target: API_ARN, outcome: "rolled-back" }),
    ),
  });

const effect = fc.record({
  fit: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
  rank: fc.option(fc.nat(31)),
});

for (const policy of [rules, drafter])
  test(`${policy.policy}: what was tried and did not help stays below asking a person, however well it fits`, async () => {
    await fc.assert(
      fc.asyncProperty(effect, fc.integer({ min: 1, max: 6 }), async (shape, times) => {
        const candidates = [candidateWith(shape), PAGE];

        const [again, person] = await meansOf(policy, failed(times), candidates);

        assert.ok(Number(again) < Number(person), `${again} ${person}`);
      }),
    );
  });

for (const policy of Object.values(POLICIES))
  test(`${policy.policy}: every candidate gets one finite value with no spread, from its own vector alone`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(effect, { maxLength: 8 }), fc.nat(3), async (shapes, times) => {
        const context = failed(times);
        const features = [...shapes.map((shape) => candidateWith(shape)), WAIT, PAGE].map((one) =>
          encodeCandidate(context, one, catalogue),
        );

        const together = await policy.score(encodeState(context), features);
        const alone = await Promise.all(features.map((vector) => policy.score([], [vector])));

        assert.equal(together.length, features.length);
        assert.ok(together.every(({ q }) => Number.isFinite(q.mean) && q.sd === 0));
        assert.deepEqual(together, alone.flat());
      }),
    );
  });

for (const policy of Object.values(POLICIES))
  test(`${policy.policy}: what a drafter thinks of its own chances moves no value, and neither would its absence`, async () => {
    const own = ["drafterRecovers", "drafterRecoversMissing"].map((name) => CANDIDATE_FEATURES.indexOf(name));
    const recovers = fc.option(fc.double({ min: 0, max: 1, noNaN: true }));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(effect, recovers), { maxLength: 8 }), fc.nat(3), async (shapes, times) => {
        const encoded = [...shapes.map(([shape, one]) => candidateWith({ ...shape, recovers: one })), PAGE].map((one) =>
          encodeCandidate(failed(times), one, catalogue),
        );
        const dropped = encoded.map((vector) => vector.map((value, i) => (own.includes(i) ? 0 : value)));

        const values = [await policy.score([], encoded), await policy.score([], dropped)];

        assert.ok(own.every((i) => i >= 0));
        assert.deepEqual(values[1], values[0]);
      }),
    );
  });

test("rules: a strong match stands above a page, a weak or unruled one below", async () => {
  const candidates = [candidateWith(), candidateWith({ fit: 0.4 }), candidateWith({ fit: null }), PAGE];

  const [strong, weak, unruled, person] = (await meansOf(rules, contextWith(), candidates)).map(Number);

  assert.ok(Number(strong) > Number(person) && Number(person) > Number(weak) && Number(person) > Number(unruled));
});

test("drafter: the order is the drafter's, and what it did not name stands below all of it", async () => {
  const ranked = [0, 1, 31].map((rank) => candidateWith({ rank, fit: 0.1 }));

  const means = await meansOf(drafter, contextWith(), [...ranked, candidateWith({ fit: 1 }), PAGE, WAIT]);

  assert.deepEqual(
    means,
    means.toSorted((a, b) => b - a),
  );
  assert.equal(new Set(means).size, means.length);
});

test("page: a page is the best, always", async () => {
  const [person, ...others] = await meansOf(page, contextWith(), [PAGE, WAIT, candidateWith({ fit: 1, rank: 0 })]);

  assert.ok(others.every((other) => other < Number(person)));
});

test("only uniform draws; the others take the best", () => {
  const draws = Object.values(POLICIES).map((policy) => [policy.policy, policy.draw]);

  assert.deepEqual(Object.fromEntries(draws), { rules: "best", drafter: "best", uniform: "uniform", page: "best" });
  assert.equal(uniform.modelHash, "");
});
