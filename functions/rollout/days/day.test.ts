import assert from "node:assert/strict";
import { test } from "node:test";
import { catalogue } from "../../../runbooks/catalogue.ts";
import { POLICIES } from "../../core/policies.ts";
import type { Scorer } from "../../core/ports.ts";
import { emptyTrackRecord } from "../../core/track-record.ts";
import { play } from "../../handlers/flow.fixture.ts";
import { scenarioAt } from "../../world/scenario.ts";
import { type DayPlan, playDay } from "./day.ts";
import { trainDays } from "./days.ts";
import { discountedCost } from "./measure.ts";

const rules = POLICIES.rules as Scorer;
const uniform = POLICIES.uniform as Scorer;

const planFor = (index: number, scorer: Scorer, judge = false): DayPlan => ({
  scenario: scenarioAt(3, index),
  catalogue,
  policy: () => scorer,
  trackRecord: emptyTrackRecord,
  judge,
});

test("an incident leaves the same rows without a journal as through the durable engine", async () => {
  const days = Array.from({ length: 12 }, (_, index) => index);
  const pairs = await Promise.all(
    days.map(async (index) => {
      const flown = await play({ scenario: scenarioAt(3, index), scorer: rules });
      const { rows } = await playDay(planFor(index, rules));
      const known = new Map(rows.map((row) => [row.decision_id, row]));
      return flown.rows.map((row) => ({ flown: row, direct: known.get(row.decision_id) ?? null }));
    }),
  );

  const all = pairs.flat();
  assert.ok(all.length >= 12 && all.some(({ flown }) => flown.exit_status === "succeeded"));
  assert.deepEqual(
    all.map(({ direct }) => direct),
    all.map(({ flown }) => flown),
  );
});

test("the same plan gives the same day, and judging its actions changes nothing of it", async () => {
  for (const index of [0, 5, 9]) {
    const first = await playDay(planFor(index, uniform));
    const again = await playDay(planFor(index, uniform));
    const judged = await playDay(planFor(index, uniform, true));

    assert.deepEqual(again, first);
    assert.deepEqual({ ...judged, judged: [] }, first);
    assert.equal(judged.judged.length, judged.actions);
  }
});

test("a decision's cost counts less the later it was made, by half in eight hours", async () => {
  const { rows } = await playDay(planFor(0, rules));
  const [row] = rows;
  assert.ok(row !== undefined);
  const priced = { ...row, impact_discounted: 1, handover_impact: 0, cost_action: 0, cost_harm: 0, cost_recurrence: 0 };
  const later = { ...priced, decided_at: row.decided_at + 8 * 3_600_000, elapsed_minutes: 480, handover_impact: 2 };

  assert.equal(discountedCost([priced]), 1);
  assert.ok(Math.abs(discountedCost([priced, later]) - (1 + 0.5 * (1 + 0.5 * 2))) < 1e-9);
  assert.equal(discountedCost([priced, { ...priced, incident_id: "another", decided_at: later.decided_at }]), 2);
});

test("days of a stream to learn from are played to their end, with one end for each incident", async () => {
  const days = trainDays(1, { confounding: "mild", broken: 0 });
  for (let index = 0; index < 12; index += 1) {
    const drawn = days(index);
    const { incidents, rows } = await playDay({
      ...drawn,
      policy: () => rules,
      trackRecord: emptyTrackRecord,
      judge: false,
    });

    assert.ok(incidents.every(({ terminal, watching }) => terminal !== null && !watching));
    const decided = incidents.filter(({ decided: count }) => count > 0).map(({ id }) => id);
    const ended = rows.filter(({ end }) => end !== "none").map(({ incident_id }) => incident_id);
    assert.deepEqual(ended.toSorted(), decided.toSorted());
  }
});
