import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isNewer, opensIncident } from "./alarm.ts";
import { alarmWith } from "./example.fixture.ts";

const state = fc.constantFrom("OK", "ALARM", "INSUFFICIENT_DATA");

test("an alarm opens an incident exactly when it rings, unsuppressed and unmuted, whatever its state was before", () => {
  fc.assert(
    fc.property(
      fc.record({
        state,
        previousState: fc.option(state),
        suppressedBy: fc.option(fc.string()),
        muted: fc.boolean(),
      }),
      (changes) => {
        const alarm = alarmWith(changes);

        const opens = opensIncident(alarm);

        assert.equal(opens, changes.state === "ALARM" && changes.suppressedBy === null && !changes.muted);
      },
    ),
  );
});

test("of two changes of one alarm at most one is the newer, and a duplicate never is", () => {
  fc.assert(
    fc.property(fc.nat(), fc.nat(), (one, other) => {
      const [a, b] = [alarmWith({ changedAtMs: one }), alarmWith({ changedAtMs: other })];

      const newer = [isNewer(a, b.changedAtMs), isNewer(b, a.changedAtMs)];

      assert.equal(newer.filter(Boolean).length, one === other ? 0 : 1);
    }),
  );
});
