import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Resource, Series } from "../functions/core/evidence.ts";
import { contextWith, NOW_MS, resource, series } from "./context.fixture.ts";
import { callees, callers, harmAt, levelsOf, median, pointsOf, seriesOf } from "./facts.ts";

const numbers = (least: number, most: number) =>
  fc.array(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e9, max: 1e9 }), {
    minLength: least,
    maxLength: most,
  });
/** The obvious version. */
const middleOf = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const [below, above] = [sorted[Math.ceil(values.length / 2) - 1], sorted[Math.floor(values.length / 2)]] as const;
  return below === above ? (below as number) : ((below as number) + (above as number)) / 2;
};

test("the median is the middle of the sorted values, of few and of many, one after the other", () => {
  const lists = fc.array(fc.oneof(numbers(1, 12), numbers(60, 70)), { minLength: 1, maxLength: 4 });

  fc.assert(
    fc.property(lists, (all) => {
      assert.deepEqual(all.map(median), all.map(middleOf));
    }),
  );
  assert.ok(Number.isNaN(median([])));
});

test("points are the values at their times: what is missing is left out, or is zero", () => {
  const values = fc.array(fc.option(fc.nat(9)), { maxLength: 20 });

  fc.assert(
    fc.property(values, (all) => {
      const one = series("a", "M", all);

      const [leftOut, zero] = [pointsOf(one, "left-out"), pointsOf(one, "zero")];

      const at = (i: number): number => one.fromMs + i * 60_000;
      assert.deepEqual(
        zero,
        all.map((value, i) => ({ atMs: at(i), value: value ?? 0 })),
      );
      assert.deepEqual(
        leftOut,
        all.flatMap((value, i) => (value === null ? [] : [{ atMs: at(i), value }])),
      );
    }),
  );
});

const NAMES = ["a", "b", "c", "d", "e"];
const graph: fc.Arbitrary<readonly Resource[]> = fc
  .array(fc.subarray(NAMES), { minLength: NAMES.length, maxLength: NAMES.length })
  .map((calls) => NAMES.map((arn, i) => resource(arn, "T", { dependsOn: calls[i] ?? [] })));

/** One step of a walk at a time, nearest first. */
const reached = (start: string, next: (arn: string) => readonly string[]): readonly string[] => {
  const found: string[] = [];
  for (const queue = [start]; queue.length > 0; )
    for (const arn of next(queue.shift() ?? ""))
      if (arn !== start && !found.includes(arn)) {
        found.push(arn);
        queue.push(arn);
      }
  return found;
};

test("callers and callees are those that a walk along the calls meets, in its order, whatever was asked before", () => {
  fc.assert(
    fc.property(graph, graph, fc.array(fc.constantFrom(...NAMES), { maxLength: 6 }), (one, other, asked) => {
      const contexts = [one, other].map((resources) => contextWith({ resources }));

      for (const arn of asked)
        for (const context of contexts) {
          const callsOf = (from: string): readonly string[] =>
            NAMES.filter((name) => context.resources.find((each) => each.arn === from)?.dependsOn.includes(name));
          const called = callees(context, arn).map((each) => each.arn);
          const calling = callers(context, arn).map((each) => each.arn);

          assert.deepEqual(called, reached(arn, callsOf));
          assert.deepEqual(
            calling,
            reached(arn, (to) => NAMES.filter((name) => callsOf(name).includes(to))),
          );
        }
    }),
  );
});

test("what was worked out of one context says nothing of another, not even where they share their series", () => {
  const failing = series("a", "HTTPCode_Target_5XX_Count", [
    ...Array(50).fill(0),
    30,
    40,
    50,
    60,
    50,
    40,
    50,
    60,
    50,
    50,
  ]);
  const asked = series("a", "RequestCount", Array(60).fill(100));
  const early = contextWith({ series: [failing, asked] });
  const late = contextWith({ series: [failing, asked], openedAtMs: NOW_MS - 59 * 60_000 });
  const calm: readonly Series[] = [series("a", "HTTPCode_Target_5XX_Count", Array(60).fill(0)), asked];

  const harms = [early, late, early, contextWith({ series: calm })].map((context) => harmAt(context, "a") !== null);
  const levels = [early, late].map((context) => levelsOf(context, pointsOf(failing, "zero")));

  assert.deepEqual(harms, [true, false, true, false]);
  assert.deepEqual([levels[0]?.before, levels[1]], [0, null]);
  assert.equal(seriesOf(late, "a", "RequestCount"), asked);
  assert.equal(seriesOf(late, "b", "RequestCount"), null);
});
