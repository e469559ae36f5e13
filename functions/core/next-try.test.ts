import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Failed, nextTry, TRIED_AGAIN } from "./next-try.ts";
import { DRAFTED_OFFLINE, type DraftedOfflineCode } from "./reasons.ts";

const settings = { mostTries: 3 };
const failed = (code: DraftedOfflineCode, retryAfterMs: number | null = null, tookMs = 1_000): Failed => ({
  ...{ code, retryAfterMs, tookMs },
});
const next = (failures: readonly Failed[], leftMs = 60_000) => nextTry(settings, failures, 4000, leftMs, "seed");

const failures = fc.array(
  fc.record({
    code: fc.constantFrom(...DRAFTED_OFFLINE),
    retryAfterMs: fc.oneof(
      fc.constant(null),
      fc.nat(120_000),
      fc.constantFrom(Number.NaN, -1, Number.POSITIVE_INFINITY),
    ),
    tookMs: fc.nat(60_000),
  }),
  { maxLength: 6 },
);

test("whatever failed, a pause ends before the time is over, and no more is tried than may be", () => {
  fc.assert(
    fc.property(failures, fc.integer({ min: -1000, max: 70_000 }), fc.string(), (before, leftMs, seed) => {
      const again = nextTry(settings, before, 4000, leftMs, seed);

      if (again !== null) {
        assert.ok(again.afterMs >= 0 && again.afterMs < leftMs);
        assert.ok(before.length > 0 && before.length < settings.mostTries);
        assert.ok(again.maxOutputTokens <= 8000);
      }
    }),
    { numRuns: 3000 },
  );
});

test("every code has its branch: what the provider could not is tried later, what was no good once more, the rest never", () => {
  const branches = DRAFTED_OFFLINE.map((code) => {
    const [first, second] = [next([failed(code)]), next([failed(code), failed(code)])];
    return [code, first === null ? "never" : second === null ? "once" : "later"];
  });

  assert.deepEqual(Object.fromEntries(branches), TRIED_AGAIN);
});

test("one reply that is no good and another are two, whatever is wrong with each", () => {
  const again = next([failed("truncated"), failed("malformed-reply")]);

  assert.equal(again, null);
});

test("a truncated reply may be twice as long, any other keeps its bound", () => {
  const bounds = (["truncated", "malformed-reply", "overloaded"] as const).map((code) => next([failed(code)]));

  assert.deepEqual(
    bounds.map((again) => again?.maxOutputTokens),
    [8000, 4000, 4000],
  );
});

test("a truncated reply is asked for again only where twice its time is left", () => {
  const again = [19_999, 20_000].map((leftMs) => next([failed("truncated", null, 10_000)], leftMs) !== null);

  assert.deepEqual(again, [false, true]);
});

test("pauses double from half a second to a second, differ by drafter, and last at least what the provider asks for", () => {
  const one = failed("overloaded");
  const pauses = Array.from({ length: 100 }, (_, i) => nextTry(settings, [one], 4000, 60_000, String(i))?.afterMs ?? 0);
  const second = next([one, one])?.afterMs ?? 0;
  const asked = next([failed("rate-limited", 7_000)])?.afterMs;

  assert.ok(Math.min(...pauses) >= 500 && Math.max(...pauses) <= 1000);
  assert.ok(new Set(pauses).size > 50);
  assert.ok(second >= 1000 && second <= 2000);
  assert.equal(asked, 7_000);
});

test("a provider that asks for more time than is left is not waited for", () => {
  const again = [59_999, 60_000, 3_600_000].map(
    (retryAfterMs) => next([failed("rate-limited", retryAfterMs)]) !== null,
  );

  assert.deepEqual(again, [true, false, false]);
});
