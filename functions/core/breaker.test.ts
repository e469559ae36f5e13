import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import {
  breakerOpenUntilMs,
  clearQuarantine,
  coolingUntilMs,
  quarantine,
  quarantinedSinceMs,
  recordFailure,
  recordSuccess,
  startCooldown,
} from "./breaker.ts";
import type { Json } from "./json.ts";
import { settingsSchema } from "./settings.ts";

const HOUR_MS = 3_600_000;
const settings = settingsSchema.parse({ account: "1", region: "r", services: [] });
const after = (item: Json | null, decided: Readonly<{ write: Json }> | Readonly<{ stop: unknown }>): Json | null =>
  "write" in decided ? decided.write : item;
const fail = (item: Json | null, effectKey: string, nowMs: number): Json | null =>
  after(item, recordFailure(item, effectKey, nowMs, settings));

describe("the breaker", () => {
  test("opens at the second failure, for six hours", () => {
    const once = fail(null, "a", 0);
    const twice = fail(once, "b", HOUR_MS);

    const until = [breakerOpenUntilMs(once, HOUR_MS), breakerOpenUntilMs(twice, HOUR_MS)];

    assert.deepEqual(until, [null, 7 * HOUR_MS]);
    assert.equal(breakerOpenUntilMs(twice, 7 * HOUR_MS - 1), 7 * HOUR_MS);
    assert.equal(breakerOpenUntilMs(twice, 7 * HOUR_MS), null);
  });

  test("forgets a failure after as long as it would be open", () => {
    const late = fail(fail(null, "a", 0), "b", 6 * HOUR_MS);

    const until = breakerOpenUntilMs(late, 6 * HOUR_MS);

    assert.equal(until, null);
  });

  test("counts a failure that is reported twice once", () => {
    const item = fail(fail(null, "a", 0), "a", 1);

    const until = breakerOpenUntilMs(item, 1);

    assert.equal(until, null);
  });

  test("forgets failures at a success, but an open breaker stays open", () => {
    const one = fail(null, "a", 0);
    const closed = after(one, recordSuccess(one));
    const open = fail(fail(null, "a", 0), "b", 0);
    const stillOpen = after(open, recordSuccess(open));

    const until = [breakerOpenUntilMs(fail(closed, "b", 1), 1), breakerOpenUntilMs(stillOpen, 1)];

    assert.deepEqual(until, [null, 6 * HOUR_MS]);
  });

  test("no failure reported late, early or twice closes an open breaker sooner", () => {
    const report = fc.record({ effectKey: fc.constantFrom("a", "b", "c"), nowMs: fc.nat(12 * HOUR_MS) });
    fc.assert(
      fc.property(fc.array(report, { maxLength: 12 }), report, (reports, last) => {
        const item = reports.reduce<Json | null>((before, one) => fail(before, one.effectKey, one.nowMs), null);
        const untilMs = breakerOpenUntilMs(item, 0) ?? 0;

        const again = breakerOpenUntilMs(fail(item, last.effectKey, last.nowMs), 0) ?? 0;

        assert.ok(again >= untilMs);
      }),
    );
  });
});

describe("the cooldown", () => {
  test("runs for the runbook's seconds, and not against its own effect", () => {
    const item = after(null, startCooldown(null, "a", 0, 60));

    const until = [
      coolingUntilMs(item, 59_999, null),
      coolingUntilMs(item, 60_000, null),
      coolingUntilMs(item, 0, "a"),
    ];

    assert.deepEqual(until, [60_000, null, null]);
  });

  test("is started once by one effect and never shortened by another", () => {
    const item = after(null, startCooldown(null, "a", 0, 600));

    const again = startCooldown(item, "a", 300_000, 600);
    const other = after(item, startCooldown(item, "b", 1000, 1));

    assert.deepEqual(again, { stop: "started" });
    assert.equal(coolingUntilMs(other, 1000, null), 600_000);
  });
});

describe("a quarantine", () => {
  test("lasts until a person clears it, however long that takes", () => {
    const barred = after(null, quarantine(null, "incident", 5));
    const cleared = after(barred, clearQuarantine(barred, "ana"));

    const since = [quarantinedSinceMs(null), quarantinedSinceMs(barred), quarantinedSinceMs(cleared)];

    assert.deepEqual(since, [null, 5, null]);
  });

  test("is not put back by a replay of the incident that a person cleared, but by another one", () => {
    const barred = after(null, quarantine(null, "incident", 5));
    const cleared = after(barred, clearQuarantine(barred, "ana"));

    const replayed = quarantine(cleared, "incident", 6);
    const again = after(cleared, quarantine(cleared, "another", 7));

    assert.deepEqual(replayed, { stop: "quarantined" });
    assert.equal(quarantinedSinceMs(again), 7);
  });

  test("cannot be cleared by nobody", () => {
    const barred = after(null, quarantine(null, "incident", 5));

    const cleared = clearQuarantine(barred, "");

    assert.deepEqual(cleared, { stop: "nobody" });
  });
});

test("a damaged item is an error, never a closed breaker, a past cooldown or a sound resource", () => {
  const damaged: readonly Json[] = [{}, [], "", { openUntilMs: "never" }];

  for (const item of damaged) {
    assert.throws(() => breakerOpenUntilMs(item, 0));
    assert.throws(() => coolingUntilMs(item, 0, null));
    assert.throws(() => quarantinedSinceMs(item));
  }
});
