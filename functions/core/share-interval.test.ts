import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { differenceOf, normalQuantile } from "./share-interval.ts";

test("the quantile of the normal distribution is within 0.00045 of the tables", () => {
  const tables = [
    [0.6, 0.253347],
    [0.9, 1.281552],
    [0.95, 1.644854],
    [0.975, 1.959964],
    [0.999, 3.090232],
  ] as const;

  for (const [share, quantile] of tables) assert.ok(Math.abs(normalQuantile(share) - quantile) < 4.5e-4);
});

test("differences of shares have the intervals of Newcombe's own examples", () => {
  // Newcombe 1998, table II, method 10: 56/70 - 48/80, 9/10 - 3/10, 10/10 - 0/20, two-sided 95 %.
  const examples = [
    [56, 70, 48, 80, 0.0524, 0.3339],
    [9, 10, 3, 10, 0.1705, 0.809],
    [10, 10, 0, 20, 0.6791, 1],
  ] as const;

  for (const [a, n, b, m, low, high] of examples) {
    const interval = differenceOf({ count: a, of: n }, { count: b, of: m }, 0.975);
    assert.ok(interval !== null && Math.abs(interval.low - low) < 5e-4 && Math.abs(interval.high - high) < 5e-4);
  }
});

test("the interval holds the difference, lies within -1 and 1, turns round with its shares, and narrows with more", () => {
  const counted = fc.tuple(fc.nat(60), fc.nat(60)).map(([a, b]) => ({ count: Math.min(a, b), of: Math.max(a, b, 1) }));
  fc.assert(
    fc.property(counted, counted, (one, other) => {
      const there = differenceOf(one, other, 0.95);
      const back = differenceOf(other, one, 0.95);
      const times = ({ count, of }: typeof one) => ({ count: count * 10, of: of * 10 });
      const more = differenceOf(times(one), times(other), 0.95);
      assert.ok(there !== null && back !== null && more !== null);

      assert.ok(there.low <= there.mean && there.mean <= there.high && there.low >= -1 && there.high <= 1);
      assert.ok(Math.abs(there.low + back.high) < 1e-9 && Math.abs(there.mean + back.mean) < 1e-9);
      assert.ok(more.high - more.low < there.high - there.low);
    }),
  );
  assert.equal(differenceOf({ count: 0, of: 0 }, { count: 1, of: 2 }, 0.95), null);
});
