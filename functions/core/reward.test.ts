import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { because } from "./reasons.ts";
import { actionCost, BETA_PER_MINUTE, discountedHours, harmCost, harmOf, REWARD_WEIGHTS } from "./reward.ts";
import type { Outcome } from "./stages.ts";

const impact = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 600 });
const close = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a), Math.abs(b));

const refusal = { kind: "rejected", by: "ana", atMs: 0, note: "" } as const;
const OUTCOMES: Readonly<Record<string, Outcome>> = {
  recovered: { kind: "recovered", by: "action", afterSeconds: 1 },
  "not-recovered": { kind: "not-recovered", afterSeconds: 1 },
  "rolled-back": { kind: "rolled-back", afterSeconds: 1, worse: false },
  "rolled-back-worse": { kind: "rolled-back", afterSeconds: 1, worse: true },
  "undo-failed": { kind: "undo-failed", afterSeconds: 1, step: null },
  unknown: { kind: "unknown", afterSeconds: 1, detail: "" },
  "not-run": { kind: "not-run", afterSeconds: 1, because: because("cooldown", "") },
  "refused-by-people": { kind: "refused-by-people", afterSeconds: 1, refusal },
  paged: { kind: "paged", afterSeconds: 1 },
  observed: { kind: "observed", afterSeconds: 1 },
};
const outcome = fc.constantFrom(...Object.values(OUTCOMES));

test("discounted impact is never negative, never more than undiscounted, and equals the slow sum", () => {
  fc.assert(
    fc.property(impact, (minutes) => {
      let slow = 0;
      for (const [minute, value] of minutes.entries()) slow += value * 2 ** (-minute / 480);

      const hours = discountedHours(minutes);

      assert.ok(hours >= 0 && hours <= minutes.reduce((sum, value) => sum + value, 0) / 60 + 1e-12);
      assert.ok(close(hours, slow / 60), `${hours} ${slow / 60}`);
    }),
  );
});

test("the same impact is cheaper the later it comes, and a minute more never makes it cheaper", () => {
  fc.assert(
    fc.property(impact, fc.double({ min: 0.01, max: 1, noNaN: true }), (minutes, value) => {
      const [early, late] = [discountedHours([value, 0, ...minutes]), discountedHours([0, value, ...minutes])];

      assert.ok(late < early);
      assert.ok(discountedHours([...minutes, value]) >= discountedHours(minutes));
    }),
  );
});

test("half of a cost counts after eight hours", () => {
  const share = Math.exp(-BETA_PER_MINUTE * 8 * 60);

  assert.ok(close(share, 0.5));
  assert.ok(close(discountedHours(Array(60).fill(1)), (1 - 2 ** -0.125) / (60 * (1 - Math.exp(-BETA_PER_MINUTE)))));
});

test("no cost is negative, and a harsher tier never costs less", () => {
  fc.assert(
    fc.property(outcome, (one) => {
      const costs = ([null, 0, 1, 2, 3] as const).map((tier) => actionCost(one, tier));

      assert.ok(costs.every((cost) => cost >= 0));
      assert.deepEqual(
        costs,
        costs.toSorted((a, b) => a - b),
      );
    }),
  );
});

test("waking somebody costs a quarter of an hour, and nothing else costs without an effect", () => {
  const costs = Object.fromEntries(Object.entries(OUTCOMES).map(([name, one]) => [name, actionCost(one, null)]));

  const expected = Object.fromEntries(Object.keys(OUTCOMES).map((name) => [name, name === "paged" ? 0.25 : 0]));
  assert.deepEqual(costs, expected);
});

test("harm is what was observed of an effect that ran, and what nobody knows is unknown", () => {
  const harm = Object.fromEntries(Object.entries(OUTCOMES).map(([name, one]) => [name, harmOf(one, true)]));

  assert.deepEqual(harm, {
    recovered: "none",
    "not-recovered": "suspected",
    "rolled-back": "suspected",
    "rolled-back-worse": "confirmed",
    "undo-failed": "unknown",
    unknown: "unknown",
    "not-run": "unknown",
    "refused-by-people": "unknown",
    paged: "unknown",
    observed: "unknown",
  });
});

test("what never ran did no harm", () => {
  const harm = Object.values(OUTCOMES).map((one) => harmOf(one, false));

  assert.ok(harm.every((one) => one === "none"));
});

test("unknown harm is charged like harm", () => {
  const costs = (["none", "suspected", "confirmed", "unknown"] as const).map(harmCost);

  assert.deepEqual(costs, [0, REWARD_WEIGHTS.harmHours, REWARD_WEIGHTS.harmHours, REWARD_WEIGHTS.harmHours]);
});
