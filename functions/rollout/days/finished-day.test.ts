import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { EpisodeRow } from "../../core/episode.ts";
import type { Incident } from "../../core/incident.ts";
import { POLICIES } from "../../core/policies.ts";
import { REWARD_WEIGHTS } from "../../core/reward.ts";
import { emptyTrackRecord } from "../../core/track-record.ts";
import { type Day, playDay } from "./day.ts";
import { testDays } from "./days.ts";
import { costsOf, finishedDay } from "./finished-day.ts";
import { discountedCost } from "./measure.ts";

const rules = POLICIES.rules ?? assert.fail();
const days = testDays("bound-check", 3, { confounding: "mild", broken: 0 });
const DAYS = Array.from({ length: 6 }, (_, index) => index);

const PLAYED: readonly Day[] = await Promise.all(
  DAYS.map((index) => playDay({ ...days(index), policy: () => rules, trackRecord: emptyTrackRecord, judge: false })),
);

const HOURS = 3_600_000;
/** An incident of these alarms as far as its end decides what became of it. */
const incident = (id: string, keys: readonly string[], openedAtMs: number, closedAtMs: number | null): Incident =>
  ({ id, keys, openedAtMs, closedAtMs }) as unknown as Incident;

const ENDED_AT_MS = 10 * HOURS;
for (const [what, other, reopened] of [
  ["right after its end", { keys: ["b", "a"], atMs: ENDED_AT_MS + 1 }, true],
  ["a day after its end", { keys: ["a"], atMs: ENDED_AT_MS + 24 * HOURS }, true],
  ["later than that", { keys: ["a"], atMs: ENDED_AT_MS + 24 * HOURS + 1 }, false],
  ["before its end", { keys: ["a"], atMs: ENDED_AT_MS }, false],
  ["with alarms of its own", { keys: ["b"], atMs: ENDED_AT_MS + 1 }, false],
] as const)
  test(`an incident whose alarm opens another one ${what} has ${reopened ? "" : "not "}reopened`, () => {
    const incidents = [incident("one", ["a"], 0, ENDED_AT_MS), incident("other", other.keys, other.atMs, null)];
    const rows = incidents.map(({ id }) => ({ incident_id: id, candidates: [], exit_status: "none" }));

    const [one, another] = finishedDay({ rows: rows as unknown as readonly EpisodeRow[], incidents });

    assert.deepEqual([one?.reopened_24h, one?.matured_at], [reopened, ENDED_AT_MS + 24 * HOURS]);
    assert.deepEqual([another?.reopened_24h, another?.matured_at], [null, null]);
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
