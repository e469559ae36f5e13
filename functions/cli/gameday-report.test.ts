import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { TERMINALS } from "../core/reasons.ts";
import { gamedayReport, isFinding, quantile, type WorldResult } from "./gameday-report.ts";
import { scoreboardLines } from "./scoreboard.ts";

const world = (index: number, changes: Partial<WorldResult> = {}): WorldResult => ({
  index,
  fault: "bad-ecs-deployment",
  incidents: [{ id: `quell-${index}`, terminal: "RESOLVED", minutesToRecover: 10 + index, trouble: null }],
  impactMinutes: 2,
  actions: 1,
  undos: 0,
  harmful: 0,
  pages: 0,
  duplicatedEffects: 0,
  ...changes,
});

const open = { id: "quell-open", terminal: null, minutesToRecover: null, trouble: "its execution is FAILED" } as const;

test("a report names all seven terminal states, zeros included, and counts every incident once", () => {
  const report = gamedayReport(7, [world(0), world(1, { impactMinutes: 5, undos: 1 })], -0.5, 2);

  assert.deepEqual(Object.keys(report.terminal).toSorted(), [...TERMINALS].toSorted());
  assert.equal(
    Object.values(report.terminal).reduce((sum, count) => sum + count, 0),
    report.incidents,
  );
  assert.deepEqual(
    { ...report, terminal: null, timing: null },
    {
      schema: 1,
      seed: 7,
      incidents: 2,
      terminal: null,
      minutesToRecover: { median: 10.5, p90: 10.9, n: 2 },
      impactMinutes: 3.5,
      actions: 2,
      undos: 1,
      harmful: 0,
      pages: 0,
      duplicatedEffects: 0,
      meanReturn: -0.5,
      timing: null,
    },
  );
});

test("an effect that ran twice and an incident without an end are findings, a harmful action is none", () => {
  assert.equal(isFinding([world(0, { harmful: 1 })]), false);
  assert.equal(isFinding([world(0, { duplicatedEffects: 1 })]), true);
  assert.equal(isFinding([world(0, { incidents: [open] })]), true);
});

test("a quantile lies among the values, grows with its share, and is null of nothing", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 500 }), { minLength: 1 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (values, share) => {
        const low = quantile(values, share * 0.5) ?? Number.NaN;
        const high = quantile(values, share) ?? Number.NaN;

        assert.ok(low <= high && low >= Math.min(...values) && high <= Math.max(...values));
      },
    ),
  );
  assert.equal(quantile([], 0.5), null);
});

test("the scoreboard shows the states that occurred and says where nothing recovered", () => {
  const report = gamedayReport(1, [world(0, { incidents: [{ ...open, terminal: "ESCALATED" }] })], 0, 1);

  const shown = scoreboardLines(report, (_format, text) => text).join("\n");

  assert.match(shown, /ESCALATED +1/);
  assert.doesNotMatch(shown, /RESOLVED/);
  assert.match(shown, /minutes to recover +- +median of 0/);
});
