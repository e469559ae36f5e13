import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { CELL, confirmed, DAY_MS, trial, wait } from "../core/autonomy.fixture.ts";
import { autonomyOf, ownersLimit } from "../core/autonomy.ts";
import type { AutonomyEvent } from "../core/autonomy-evidence.ts";
import { forecastOf, spanOf } from "./learning-forecast.ts";

const settings = ownersLimit(0.05);
const START = Date.UTC(2026, 0, 1) / DAY_MS;

const forecast = (events: readonly AutonomyEvent[]) => {
  const [cell] = autonomyOf(events, [{ ...CELL, tier: 1 }], settings);
  assert.ok(cell !== undefined);
  return forecastOf(cell, settings, spanOf(events));
};
const waits = Array.from({ length: 20 }, (_, day) => wait(START + day));
/** So many clean runs, each so many days after the one before. */
const every = (days: number, runs: number) => Array.from({ length: runs }, (_, i) => trial(START + i * days));

test("runs that are missing come as often as they did: the date follows from the count", () => {
  const { runsToGo, runsPerMonth, when, atMs } = forecast([...waits, ...every(2, 51)]);

  assert.deepEqual([runsToGo, runsPerMonth.toFixed(1)], [37, "15.3"]);
  // 51 runs in 100 days, 37 to go: 73 days after the last of them.
  assert.equal(when, "2026-06-22");
  assert.equal(new Date(atMs ?? 0).toISOString().slice(0, 10), when);
});

test("a date that is years away is said as its year, and one past the calendar as that", () => {
  assert.equal(forecast([...waits, ...every(60, 40)]).when, "in 2040");
  assert.equal(forecast([...waits, trial(START), wait(START + 40_000)]).when, "after 9999");
});

test("without runs it is never, without waits it is never, and without evidence it is never", () => {
  assert.equal(forecast(waits).when, "never at 0 runs a month");
  assert.equal(forecast(every(1, 120)).when, "never at 0 waits a month");
  assert.equal(forecast([]).when, "never at 0 runs a month");
});

test("where waits are missing the date waits for them", () => {
  const { runsToGo, waitsToGo, when } = forecast([...waits.slice(0, 2), ...every(1, 101)]);

  assert.deepEqual([runsToGo, waitsToGo], [0, 18]);
  assert.equal(when, "in 2028");
});

test("what acts alone says so, and what is suspended waits for a person", () => {
  const proven = [...waits, ...every(1, 120)];

  assert.equal(forecast(proven).when, "acts alone");
  assert.equal(forecast([...proven, confirmed(START + 200)]).when, "when a person reinstates it");
});

test("what has the runs but no more recoveries than waiting has no date", () => {
  const useless = every(1, 120).map((event) => ({ ...event, recovered: false }));

  assert.equal(forecast([...waits, ...useless]).when, "when its uplift is above 0");
});

test("twice as many runs a day never come later", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 2, max: 80 }), (days, runs) => {
      const [slow, fast] = [2 * days, days].map((apart) => forecast([...waits, ...every(apart, runs)]).atMs ?? 0);

      assert.ok((fast ?? 0) <= (slow ?? 0));
    }),
  );
});
