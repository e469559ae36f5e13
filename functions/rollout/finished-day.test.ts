import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { EpisodeRow } from "../core/episode.ts";
import { POLICIES } from "../core/policies.ts";
import { REWARD_WEIGHTS } from "../core/reward.ts";
import { emptyTrackRecord } from "../core/track-record.ts";
import { type Day, playDay } from "./days/day.ts";
import { testDays } from "./days/days.ts";
import { playLog } from "./days/log.ts";
import { discountedCost } from "./days/measure.ts";
import { costsOf, finishedDay } from "./finished-day.ts";

const rules = POLICIES.rules ?? assert.fail();
const days = testDays("bound-check", 3, { confounding: "mild", wrong: 0 });
const DAYS = Array.from({ length: 6 }, (_, index) => index);

const PLAYED: readonly Day[] = await Promise.all(
  DAYS.map((index) => playDay({ ...days(index), policy: () => rules, trackRecord: emptyTrackRecord, judge: false })),
);

const inTime = (rows: readonly EpisodeRow[]) => rows.toSorted((one, other) => one.decided_at - other.decided_at);

test("a day is finished as a log finishes it", async () => {
  const log = { name: "l", worldHash: "w", days, behaviour: { source: "agent" }, policyOn: () => () => rules } as const;
  for (const [index, day] of PLAYED.entries()) {
    const clusterId = `day-l-${String(index).padStart(6, "0")}`;
    for await (const { rows } of playLog({ ...log, judge: false }, { fromIndex: index, toIndex: index + 1 }, []))
      assert.deepEqual(inTime(finishedDay(day, { clusterId, worldHash: "w" })), rows);
  }
});

test("what came back is charged, once an incident, and nothing else of the day costs another amount", () => {
  const reopened = PLAYED.map((day) => {
    const rows = finishedDay(day);
    const charged = rows.filter(({ cost_recurrence }) => cost_recurrence > 0);
    const { recurrence } = costsOf(rows);
    assert.equal(new Set(charged.map(({ incident_id }) => incident_id)).size, charged.length);
    assert.ok(Math.abs(discountedCost(rows) - (day.hours + recurrence)) < 1e-9);
    assert.ok(recurrence <= charged.length * REWARD_WEIGHTS.recurrenceHours);
    assert.equal(recurrence > 0, charged.length > 0);
    return charged.length;
  });

  assert.ok(Math.max(...reopened) > 0, "no incident of these days came back");
});

test("the parts are the whole, and each is charged to its own column", () => {
  const hours = fc.double({ min: 0, max: 5, noNaN: true });
  const rowWith = fc.record({
    ...{ incident_id: fc.constantFrom("a", "b"), decided_at: fc.nat({ max: 40_000_000 }) },
    ...{ elapsed_minutes: fc.nat({ max: 600 }), impact_discounted: hours, handover_impact: hours },
    ...{ cost_action: hours, cost_harm: hours, cost_recurrence: hours },
  });
  fc.assert(
    fc.property(fc.array(rowWith, { maxLength: 12 }), (drawn) => {
      const rows = drawn as unknown as readonly EpisodeRow[];

      const parts = costsOf(rows);

      const sum = Object.values(parts).reduce((total, part) => total + part, 0);
      assert.ok(Math.abs(sum - discountedCost(rows)) < 1e-9);
      const harmless = rows.map((row) => ({ ...row, cost_harm: 0 }));
      assert.deepEqual(costsOf(harmless), { ...parts, harm: 0 });
    }),
  );
});
