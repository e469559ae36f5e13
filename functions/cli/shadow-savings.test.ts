import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type ShadowProposal, savedBy, savedInAll } from "./shadow-savings.ts";

const proposal = (changes: Partial<ShadowProposal> = {}): ShadowProposal => ({
  ...{ runbook: "ecs-rollback", target: "arn:aws:ecs:eu-west-1:123456789012:service/shop/checkout", atMinutes: 1 },
  ...{ consents: 0, expectedMinutes: 6, recovers: { mean: 0.8, low: 0.5, high: 0.9 }, harms: null },
  ...changes,
});

test("what is saved is what it took, less the proposal, the runbook and the soak, times the probability", () => {
  const saved = savedBy(62, proposal(), 5, 4);

  assert.deepEqual(saved, { low: 25, mean: 40, high: 45 });
});

test("where a person is asked the mean waits for the answer, and the lower bound takes nobody to be awake", () => {
  const saved = savedBy(62, proposal({ consents: 1 }), 5, 4);

  assert.deepEqual(saved, { low: 0, mean: 36.8, high: 45 });
});

test("the rules know no probability: no mean, and anything from nothing to all", () => {
  const saved = savedBy(62, proposal({ recovers: null }), 5, 4);

  assert.deepEqual(saved, { low: 0, mean: null, high: 50 });
});

test("an episode that was over sooner saves nothing, whatever is known of its probability", () => {
  const saved = [savedBy(8, proposal(), 5, 4), savedBy(8, proposal({ recovers: null }), 5, 4)];

  assert.deepEqual(saved, [
    { low: 0, mean: 0, high: 0 },
    { low: 0, mean: 0, high: 0 },
  ]);
});

test("a saving is never negative, never more than what it took, and its mean lies between its bounds", () => {
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  const minutes = fc.double({ min: 0, max: 2_000, noNaN: true });
  const property = fc.property(
    fc.tuple(minutes, minutes, minutes, minutes, minutes),
    fc.tuple(share, share, share).map((three) => three.toSorted((a, b) => a - b)),
    fc.nat(2),
    ([actual, atMinutes, expectedMinutes, soak, approval], [low = 0, mean = 0, high = 0], consents) => {
      const saved = savedBy(
        actual,
        proposal({ atMinutes, expectedMinutes, consents, recovers: { low, mean, high } }),
        soak,
        approval,
      );

      const between = saved.mean !== null && (consents > 0 || saved.low <= saved.mean) && saved.mean <= saved.high;
      assert.ok(between && saved.low >= 0 && saved.high <= actual + 0.05, JSON.stringify(saved));
    },
  );

  fc.assert(property);
});

test("together the bounds add up, and there is no mean where one of them has none", () => {
  const [known, unknown] = [
    { low: 1, mean: 2, high: 3 },
    { low: 0, mean: null, high: 5 },
  ];

  const both = [savedInAll([known, known]), savedInAll([known, unknown]), savedInAll([])];

  assert.deepEqual(both, [
    { low: 2, mean: 4, high: 6 },
    { low: 1, mean: null, high: 8 },
    { low: 0, mean: 0, high: 0 },
  ]);
});
