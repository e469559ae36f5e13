import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { calibrated } from "./calibrated.ts";

const KNOTS = { raw: [-1, 0, 2], mean: [0.1, 0.3, 0.7], low: [0, 0.2, 0.5], high: [0.2, 0.5, 1] };

test("at a knot the estimate is the knot's, between two it is on the line, beyond the ends it is the end's", () => {
  assert.deepEqual(calibrated(KNOTS, 0), { mean: 0.3, low: 0.2, high: 0.5 });
  assert.deepEqual(calibrated(KNOTS, 1), { mean: 0.5, low: 0.35, high: 0.75 });
  assert.deepEqual(calibrated(KNOTS, -9), { mean: 0.1, low: 0, high: 0.2 });
  assert.deepEqual(calibrated(KNOTS, 9), { mean: 0.7, low: 0.5, high: 1 });
  assert.deepEqual(calibrated({ raw: [0], mean: [0.4], low: [0.1], high: [0.9] }, 7), {
    mean: 0.4,
    low: 0.1,
    high: 0.9,
  });
});

test("an estimate keeps its order and stays between the knots' own", () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true }), (value) => {
      const { mean, low, high } = calibrated(KNOTS, value);
      assert.ok(0 <= low && low <= mean && mean <= high && high <= 1);
    }),
  );
});
