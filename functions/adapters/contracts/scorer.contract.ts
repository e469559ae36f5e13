import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { CANDIDATE_FEATURES, STATE_FEATURES } from "../../core/features.ts";
import type { Scorer } from "../../core/ports.ts";
import type { Score, Verdict } from "../../core/stages.ts";

const number = fc.double({ min: -4, max: 4, noNaN: true });
const vector = (length: number) => fc.array(number, { minLength: length, maxLength: length });
const scenes = fc.record({
  state: vector(STATE_FEATURES.length),
  candidates: fc.array(vector(CANDIDATE_FEATURES.length), { minLength: 1, maxLength: 6 }),
  refused: fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
});

/** What a scorer reads of a verdict: whether the candidate may be chosen at all. */
const verdicts = (refused: readonly boolean[]): readonly Verdict[] =>
  refused.map((isRefused) => ({ kind: isRefused ? "refused" : "allowed" }) as Verdict);

const close = (a: readonly Score[], b: readonly Score[]): void => {
  assert.equal(a.length, b.length);
  for (const [i, one] of a.entries()) {
    const other = b[i];
    assert.ok(other !== undefined && Math.abs(one.q.mean - other.q.mean) < 1e-5, `${one.q.mean} ${other?.q.mean}`);
  }
};

/** What every scorer keeps to, a learnt one or not. @param make a fresh one */
export const scorerContract = (name: string, make: () => Promise<Scorer>): void => {
  describe(`${name} keeps the contract of scorers`, () => {
    test("one score a candidate, finite, the same again", async () => {
      const scorer = await make();

      await fc.assert(
        fc.asyncProperty(scenes, async ({ state, candidates, refused }) => {
          const first = await scorer.score(state, candidates, verdicts(refused));
          const again = await scorer.score(state, candidates, verdicts(refused));

          assert.equal(first.length, candidates.length);
          assert.ok(first.every(({ q }) => Number.isFinite(q.mean) && q.sd >= 0));
          assert.deepEqual(again, first);
        }),
        { numRuns: 25 },
      );
    });

    test("the order of the candidates changes nothing", async () => {
      const scorer = await make();

      await fc.assert(
        fc.asyncProperty(scenes, async ({ state, candidates, refused }) => {
          const own = refused.slice(0, candidates.length);
          const straight = await scorer.score(state, candidates, verdicts(own));
          const turned = await scorer.score(state, candidates.toReversed(), verdicts(own.toReversed()));

          close(turned.toReversed(), straight);
        }),
        { numRuns: 25 },
      );
    });

    test("what was refused changes nothing of the others", async () => {
      const scorer = await make();
      const mark = (scores: readonly Score[], refused: readonly boolean[]) =>
        scores.filter((_, i) => refused[i] !== true);

      await fc.assert(
        fc.asyncProperty(scenes, fc.constantFrom(0, 1e6, Number.NaN), async ({ state, candidates, refused }, odd) => {
          const other = candidates.map((one, i) => (refused[i] === true ? one.map(() => odd) : one));
          const as = await scorer.score(state, candidates, verdicts(refused));
          const otherwise = await scorer.score(state, other, verdicts(refused));

          close(mark(otherwise, refused), mark(as, refused));
        }),
        { numRuns: 25 },
      );
    });

    test("what it expects comes with its limits, and of every candidate: shares within 0..1, low <= mean <= high", async () => {
      const scorer = await make();

      await fc.assert(
        fc.asyncProperty(scenes, async ({ state, candidates, refused }) => {
          const scores = await scorer.score(state, candidates, verdicts(refused));

          const isLearnt = scorer.limits !== undefined && scorer.limits.asks === null;
          for (const { outlook, q } of scores) {
            assert.equal(outlook !== undefined, isLearnt);
            if (outlook === undefined) continue;
            const { members, value, recovers, harms, support, distance } = outlook;
            for (const { mean, low, high } of [value, recovers, harms]) assert.ok(low <= mean && mean <= high);
            for (const share of [recovers.low, recovers.high, harms.low, harms.high, support])
              assert.ok(share >= 0 && share <= 1);
            assert.ok(value.high <= 0 && distance >= 0);
            const mean = members.reduce((sum, one) => sum + one, 0) / members.length;
            const variance = members.reduce((sum, one) => sum + (one - mean) ** 2, 0) / members.length;
            assert.ok(Math.abs(mean - q.mean) < 1e-9 && Math.abs(Math.sqrt(variance) - q.sd) < 1e-9);
          }
        }),
        { numRuns: 25 },
      );
    });
  });
};
