import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { measured } from "./deviation.ts";
import { ERRORS, LATENCY, MINUTE_MS, OPENED_MS, REQUESTS, seriesOf } from "./example.fixture.ts";

const NOW_MS = OPENED_MS + 10 * MINUTE_MS;
/** The last minute that can be read starts nine minutes after the opening. */
const READABLE = 59;
const metric = fc.constantFrom(ERRORS, REQUESTS, LATENCY, { ...ERRORS, metricName: "Custom" });
const value = fc.option(fc.oneof(fc.double(), fc.double({ min: 0, max: 1000, noNaN: true })));
const values = fc.array(value, { minLength: READABLE, maxLength: READABLE });

/** One value a minute, from fifty minutes before the opening. */
const seen = (of: typeof ERRORS, all: readonly (number | null)[]) =>
  measured(seriesOf(of, OPENED_MS - 50 * MINUTE_MS, all), OPENED_MS, NOW_MS);
const steadyThen = (usual: number, now: number | null, minutes = 9): readonly (number | null)[] =>
  Array.from({ length: READABLE }, (_, i) => (i < READABLE - minutes ? usual : now));

test("whatever was written, a deviation is a number within ten, and it stands apart only up to now", () => {
  fc.assert(
    fc.property(metric, values, (of, all) => {
      const { deviation, sinceMs } = seen(of, all);

      assert.ok(Math.abs(deviation) <= 10);
      assert.ok(sinceMs === null || sinceMs < NOW_MS);
    }),
  );
});

test("what is written after now, or cannot be read yet, changes nothing", () => {
  fc.assert(
    fc.property(metric, values, fc.array(value), (of, all, later) => {
      const { series: _one, ...now } = seen(of, all);
      const { series: _other, ...told } = seen(of, [...all, ...later]);

      assert.deepEqual(told, now);
    }),
  );
});

test("a steady series does not deviate, and the further it moves the more it does, to the side to which it moved", () => {
  const level = fc.double({ min: 1, max: 1000, noNaN: true });
  fc.assert(
    fc.property(level, fc.double({ min: 1.1, max: 50, noNaN: true }), (usual, times) => {
      const of = (now: number): number => seen(LATENCY, steadyThen(usual, now)).deviation;

      assert.ok(Math.abs(of(usual)) < 1e-9);
      assert.ok(of(usual * times * 2) > of(usual * times) && of(usual * times) > 0);
      assert.ok(of(usual / times) < 0);
    }),
  );
});

test("it began when the series first stood apart, and two minutes that do not are forgiven", () => {
  const risen = steadyThen(0.2, 2)
    .with(READABLE - 4, 0.2)
    .with(READABLE - 5, 0.2);

  const { sinceMs } = seen(LATENCY, risen);

  assert.equal(sinceMs, OPENED_MS);
});

test("a series that stopped is silent and says nothing; a count that stopped is zero", () => {
  const silent = seen(REQUESTS, steadyThen(100, null));
  const none = seen(ERRORS, steadyThen(10, null));

  assert.partialDeepStrictEqual(silent, { isSilent: true, deviation: 0, now: null, sinceMs: null });
  assert.partialDeepStrictEqual(none, { isSilent: false, now: 0 });
  assert.ok(none.deviation < 0);
});

test("fewer than four values are no usual level", () => {
  const few = seriesOf(LATENCY, OPENED_MS - 13 * MINUTE_MS, [1, 1, 1, ...Array(18).fill(9)]);

  const { deviation, now } = measured(few, OPENED_MS, NOW_MS);

  assert.deepEqual({ deviation, now }, { deviation: 0, now: 9 });
});

test("the newest period may still be on its way: without a count it is no zero, the one before it is", () => {
  const steady = steadyThen(30, 30);

  const late = seen(ERRORS, steady.with(READABLE - 1, null));
  const quiet = seen(ERRORS, steady.with(READABLE - 2, null));

  assert.equal(late.now, 30);
  assert.equal(quiet.now, 20);
});
