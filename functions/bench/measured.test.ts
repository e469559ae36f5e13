import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isWithin, percentile, rate, time } from "./measured.ts";

test("a percentile is the smallest value that this share of all values does not pass", () => {
  const values = fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 1 });
  const shares = fc.double({ min: 0.01, max: 1, noNaN: true });

  fc.assert(
    fc.property(values, shares, (all, share) => {
      const reaches = (limit: number): boolean => all.filter((one) => one <= limit).length >= share * all.length;
      const slow = all.filter(reaches).reduce((least, one) => Math.min(least, one), Number.POSITIVE_INFINITY);

      assert.equal(percentile(all, share), slow);
    }),
  );
});

test("a time is within its budget up to the budget, a rate from the budget on, and what has none is neither", () => {
  const judged = [
    time("a", 5, 5),
    time("a", 5.1, 5),
    rate("a", 10, 1000, 10),
    rate("a", 9, 1000, 10),
    time("a", 1, null),
  ];

  assert.deepEqual(judged.map(isWithin), [true, false, true, false, null]);
});

test("a rate's cost is the time that one took", () => {
  const { value, costMs } = rate("a", 200, 1000, null);

  assert.deepEqual({ value, costMs }, { value: 200, costMs: 5 });
});
