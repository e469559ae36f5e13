import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { CELL, confirmed, DAY_MS, trial, wait } from "./autonomy.fixture.ts";
import { autonomyOf, type EarningCell, earningCells, ownersLimit } from "./autonomy.ts";
import { logEValueOf } from "./autonomy-e-value.ts";
import { type AutonomyEvent, cellKey } from "./autonomy-evidence.ts";
import { catalogueWith, runbookWith } from "./guard.fixture.ts";

const cells: readonly EarningCell[] = [{ ...CELL, tier: 1 }];
const settings = ownersLimit(0.05);
const range = (from: number, to: number): readonly number[] => Array.from({ length: to - from }, (_, i) => from + i);
const cleanDays = (from: number, to: number): readonly AutonomyEvent[] => range(from, to).map((day) => trial(day));
/** Twenty waits of which one healed: waiting is known to be worse. */
const WAITS = range(0, 20).map((day) => wait(day, day === 0));

const stateOf = (events: readonly AutonomyEvent[], asOfMs?: number, reinstated?: ReadonlyMap<string, number>) => {
  const [state] = autonomyOf(events, cells, settings, asOfMs, reinstated);
  assert.ok(state !== undefined);
  return state;
};

test("88 clean runs earn autonomy where waiting is known to be worse, and 87 do not", () => {
  const [few, enough] = [87, 88].map((runs) => stateOf([...WAITS, ...cleanDays(0, runs)]));

  assert.deepEqual([few?.earnedAtMs, few?.cleanRunsToGo], [null, 1]);
  assert.deepEqual([enough?.earnedAtMs, enough?.cleanRunsToGo], [87 * DAY_MS, 0]);
});

test("clean runs under another model earn this one nothing, and its harms count against this one", () => {
  const b = { policy: "qnet", modelHash: "b" };
  const of = (events: readonly AutonomyEvent[], modelHash: string) => events.map((event) => ({ ...event, modelHash }));
  const earned = (events: readonly AutonomyEvent[], acting: typeof b | null) =>
    autonomyOf([...WAITS, ...events], cells, settings, undefined, undefined, acting)[0];
  const underA = of(cleanDays(0, 200), "a");
  const underB = of(cleanDays(200, 400), "b");
  const harms = of([trial(400, { harmed: true })], "a");

  const [none, alone, both] = [earned(underA, b), earned(underB, b), earned([...underA, ...underB], b)];

  assert.deepEqual([none?.earnedAtMs, none?.counted], [null, 0]);
  assert.ok(alone?.earnedAtMs != null && earned(underA, null)?.earnedAtMs != null);
  assert.deepEqual(both, alone);
  assert.deepEqual([earned([...underB, ...harms], b)?.harms, earned([...underB, ...harms], b)?.counted], [1, 201]);
});

test("over twenty cells it takes 157", () => {
  const twenty = [...cells, ...range(0, 19).map((i) => ({ ...CELL, runbook: `other-${i}`, tier: 1 as const }))];

  const earned = [156, 157].map(
    (runs) => autonomyOf([...WAITS, ...cleanDays(0, runs)], twenty, settings)[0]?.earnedAtMs,
  );

  assert.deepEqual(earned, [null, 156 * DAY_MS]);
});

test("without enough waits nothing is known of the uplift and nothing is earned, however clean the runs", () => {
  const state = stateOf([...WAITS.slice(1), ...cleanDays(0, 400)]);

  assert.deepEqual([state.uplift, state.earnedAtMs], [null, null]);
  assert.ok(state.logEValue > state.logNeeded);
});

test("a runbook that helps no more often than waiting earns nothing", () => {
  const useless = cleanDays(0, 200).map((event) => ({ ...event, recovered: false }));

  const state = stateOf([...WAITS, ...useless]);

  assert.ok((state.uplift?.low ?? 1) <= 0);
  assert.equal(state.earnedAtMs, null);
});

test("autonomy that was earned is lost when harms come, and the clean runs before them are not forgotten", () => {
  const harms = range(200, 240).map((day) => trial(day, { harmed: true, recovered: false }));

  const state = stateOf([...WAITS, ...cleanDays(0, 200), ...harms]);

  assert.deepEqual([state.earnedAtMs, state.suspended], [null, null]);
  assert.deepEqual([state.counted, state.harms], [240, 40]);
  assert.equal(state.logEValue.toFixed(9), logEValueOf(240, 40, 0.05).toFixed(9));
});

test("one confirmed harm suspends what acts alone, and no number of clean runs brings it back", () => {
  const events = [...WAITS, ...cleanDays(0, 100), confirmed(100), ...cleanDays(101, 3_000)];

  const state = stateOf(events);

  assert.equal(state.earnedAtMs, null);
  assert.deepEqual(state.suspended, {
    atMs: 100 * DAY_MS,
    because: "it was seen to make things worse in decision quell-100/0",
  });
});

test("a confirmed harm of what asks is a harm like any other: there is nothing to suspend", () => {
  const harmed = trial(10, { harmed: true });
  const state = stateOf([...WAITS, ...cleanDays(0, 10), confirmed(10), harmed, ...cleanDays(11, 400)]);

  assert.equal(state.suspended, null);
  assert.ok(state.earnedAtMs !== null);
});

test("a person reinstates: the evidence decides again, the harm included", () => {
  const events = [...WAITS, ...cleanDays(0, 100), confirmed(100), trial(101, { harmed: true }), ...cleanDays(102, 400)];
  const reinstated = (day: number) => new Map([[cellKey(CELL), day * DAY_MS]]);

  const [before, later, last] = [99, 150, 500].map((day) => stateOf(events, undefined, reinstated(day)));

  assert.ok(before?.suspended !== null && later?.suspended === null && last?.suspended === null);
  assert.ok((later?.earnedAtMs ?? 0) >= 150 * DAY_MS);
  assert.deepEqual([later?.harms, last?.earnedAtMs], [1, null]);
});

test("what became known at a time or after it changes nothing before", () => {
  const events = [...WAITS, ...cleanDays(0, 200), confirmed(150)];

  assert.deepEqual(stateOf(events, 120 * DAY_MS), stateOf([...WAITS, ...cleanDays(0, 120)]));
  assert.deepEqual(stateOf(events, 120 * DAY_MS).earnedAtMs, 87 * DAY_MS);
});

test("vetoes are harms, and no runs that recovered or did not", () => {
  const veto = trial(0, { ran: false, vetoed: true, harmed: true, recovered: false });

  const state = stateOf([veto, trial(1)]);

  assert.deepEqual([state.counted, state.runs, state.harms, state.vetoes], [2, 1, 1, 1]);
  assert.deepEqual(state.recovered, { count: 1, of: 1 });
});

const anyTrial = fc.record({ harmed: fc.boolean(), recovered: fc.boolean() });

test("events in any order leave the same state, and another runbook's or environment's leave it alone", () => {
  fc.assert(
    fc.property(fc.array(anyTrial, { maxLength: 40 }), fc.nat(1_000), (drawn, seed) => {
      const events = [...WAITS, ...drawn.map((changed, day) => trial(day, changed))];
      const shuffled = events.toSorted((a, b) => ((a.atMs * 7 + seed) % 13) - ((b.atMs * 7 + seed) % 13));
      const others = [trial(3, { runbook: "other", harmed: true }), trial(4, { environment: "staging" })];

      assert.deepEqual(stateOf([...shuffled, ...others]), stateOf(events));
    }),
  );
});

test("one more run without harm never takes autonomy away, one with harm never gives it", () => {
  fc.assert(
    fc.property(fc.nat(120), fc.nat(3), (clean, harms) => {
      const events = [
        ...WAITS,
        ...range(0, harms).map((day) => trial(day, { harmed: true })),
        ...cleanDays(3, 3 + clean),
      ];
      const [now, better, worse] = [[], [trial(500)], [trial(500, { harmed: true })]].map((more) =>
        stateOf([...events, ...more]),
      );

      assert.ok(now?.earnedAtMs === null || better?.earnedAtMs !== null);
      assert.ok(now?.earnedAtMs !== null || worse?.earnedAtMs === null);
    }),
  );
});

test("only reversible effects of tier 0 and 1 can earn anything, in each environment", () => {
  const full = runbookWith();
  const catalogue = catalogueWith(
    runbookWith({ id: "gentle", tier: 0 }),
    runbookWith({ id: "brief", tier: 1 }),
    runbookWith({ id: "grave", tier: 2 }),
    runbookWith({ id: "for-good", tier: 1, reversal: "none" }),
    runbookWith({ id: "no-undo", tier: 1, documents: full.documents && { ...full.documents, undo: null } }),
  );

  const earning = earningCells(catalogue, ["production", "staging", "production"]);

  assert.deepEqual(
    earning.map((cell) => `${cellKey(cell)} T${cell.tier}`),
    ["gentle/production T0", "gentle/staging T0", "brief/production T1", "brief/staging T1"],
  );
});
