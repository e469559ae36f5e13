import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { TERMINALS } from "../core/reasons.ts";
import { type GamedayReport, gamedayReport, isFinding, quantile, type WorldResult } from "./gameday-report.ts";
import { scoreboardLines } from "./scoreboard.ts";

const world = (index: number, changes: Partial<WorldResult> = {}): WorldResult => ({
  index,
  fault: "bad-ecs-deployment",
  family: "deployment",
  incidents: [{ id: `quell-${index}`, terminal: "RESOLVED", minutesToRecover: 10 + index, trouble: null }],
  impactMinutes: 2,
  actions: 1,
  undos: 0,
  harmful: 0,
  pages: 0,
  duplicatedEffects: 0,
  cost: 0.5,
  ...changes,
});

const open = { id: "quell-open", terminal: null, minutesToRecover: null, trouble: "its execution is FAILED" } as const;

test("a report names all seven terminal states, zeros included, and counts every incident once", () => {
  const report = gamedayReport(7, [world(0), world(1, { impactMinutes: 5, undos: 1 })], 2);

  assert.deepEqual(Object.keys(report.terminal).toSorted(), [...TERMINALS].toSorted());
  assert.equal(
    Object.values(report.terminal).reduce((sum, count) => sum + count, 0),
    report.incidents,
  );
  assert.deepEqual(
    { ...report, terminal: null, families: null, timing: null },
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
      families: null,
      autonomy: null,
      timing: null,
    },
  );
});

test("a family's row sums up its own worlds, and the rows stand in the order of their names", () => {
  const alone = { id: "quell-alone", terminal: "SELF_RECOVERED", minutesToRecover: 3, trouble: null } as const;
  const worlds = [
    world(0, { family: "transient", incidents: [alone, open], actions: 0, pages: 1 }),
    world(1, { harmful: 1 }),
    world(2, { family: "transient", incidents: [], impactMinutes: 4 }),
    world(3, { family: "auth", incidents: [] }),
  ];

  const { families } = gamedayReport(1, worlds, 1);

  const nothing = { incidents: 0, resolvedShare: null, selfRecoveredShare: null };
  const row = { worlds: 1, impactMinutes: 2, harmful: 0, actions: 1, pages: 0 };
  assert.deepEqual(families, [
    { ...row, family: "auth", ...nothing },
    { ...row, family: "deployment", incidents: 1, resolvedShare: 1, selfRecoveredShare: 0, harmful: 1 },
    {
      ...{ family: "transient", worlds: 2, incidents: 2, resolvedShare: 0, selfRecoveredShare: 0.5 },
      ...{ impactMinutes: 3, harmful: 0, actions: 1, pages: 1 },
    },
  ]);
});

test("the rows of the families add up to the whole, and the worlds' order changes nothing", () => {
  const worldOf = fc.record({
    family: fc.constantFrom("auth", "database", "transient"),
    actions: fc.nat(4),
    harmful: fc.nat(2),
    pages: fc.nat(3),
    impactMinutes: fc.nat(90),
    incidents: fc.array(
      fc.constantFrom(...TERMINALS).map((terminal) => ({ ...open, terminal })),
      { maxLength: 3 },
    ),
  });
  fc.assert(
    fc.property(fc.array(worldOf, { minLength: 1 }), (drawn) => {
      const worlds = drawn.map((changes, index) => world(index, changes));

      const report = gamedayReport(1, worlds, 1);

      const sum = (of: (row: GamedayReport["families"][number]) => number) =>
        report.families.reduce((total, row) => total + of(row), 0);
      assert.equal(
        sum((row) => row.worlds),
        worlds.length,
      );
      for (const name of ["incidents", "actions", "harmful", "pages"] as const)
        assert.equal(
          sum((row) => row[name]),
          report[name],
        );
      assert.deepEqual(gamedayReport(1, worlds.toReversed(), 1), report);
    }),
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
  const report = gamedayReport(1, [world(0, { incidents: [{ ...open, terminal: "ESCALATED" }] })], 1);

  const shown = scoreboardLines(report, (_format, text) => text).join("\n");

  assert.match(shown, /ESCALATED +1/);
  assert.doesNotMatch(shown, /RESOLVED/);
  assert.match(shown, /minutes to recover +- +median of 0/);
});

test("the scoreboard's second table has a row a family, its numbers one below the other", () => {
  const worlds = [world(0, { pages: 10 }), world(1, { family: "auth", incidents: [], impactMinutes: 12.34 })];

  const lines = scoreboardLines(gamedayReport(1, worlds, 1), (_format, text) => text);

  assert.deepEqual(lines.slice(-3), [
    "  family      worlds  incidents  resolved  by itself  impact  actions  harmful  pages",
    "  auth             1          0         -          -    12.3        1        0      0",
    "  deployment       1          1     100 %        0 %     2.0        1        0     10",
  ]);
});
