import assert from "node:assert/strict";
import { test } from "node:test";
import { openDatabase } from "../adapters/sqlite/database.ts";
import type { WorldInput } from "../world/types.ts";
import { BadInput } from "./errors.ts";
import type { GamedayParameters } from "./gameday-options.ts";
import type { WorldResult } from "./gameday-report.ts";
import { gamedayStore } from "./gameday-store.ts";

const PARAMETERS: GamedayParameters = {
  incidents: 2,
  seed: 1,
  mode: "auto",
  policy: "rules",
  drafter: "offline",
  approve: "yes",
};

const page = (incidentId: string, atMs: number): WorldInput => ({ kind: "page", atMs, incidentId });

test("what one process kept, the next one finds: clock, deliveries, and the inputs of each world in order", () => {
  const database = openDatabase(":memory:");
  const store = gamedayStore(database, PARAMETERS, "a file");
  store.keepClock(0, 1000);
  store.keepClock(0, 2000);
  store.keepDelivered(0, 1500);
  store.keepInput(0, page("quell-b", 10));
  store.keepInput(1, page("quell-c", 5));
  store.keepInput(0, page("quell-a", 20));

  const reopened = gamedayStore(database, { ...PARAMETERS }, "a file");

  assert.equal(reopened.clockOf(0), 2000);
  assert.equal(reopened.deliveredUntil(0), 1500);
  assert.deepEqual([reopened.clockOf(1), reopened.deliveredUntil(1)], [null, null]);
  assert.deepEqual(reopened.inputsOf(0), [page("quell-b", 10), page("quell-a", 20)]);
  assert.deepEqual(reopened.inputsOf(1), [page("quell-c", 5)]);
});

const ended = (index: number): WorldResult => ({
  ...{ index, fault: "blip", family: "transient", incidents: [], impactMinutes: 1, cost: 0 },
  ...{ actions: 0, undos: 0, harmful: 0, pages: 0, duplicatedEffects: 0 },
});

test("a world that has ended leaves its result, in the order of the worlds, and its inputs, and takes nothing from the others", () => {
  const store = gamedayStore(openDatabase(":memory:"), PARAMETERS, "a file");
  for (const index of [0, 1, 2]) {
    store.keepClock(index, 1000);
    store.keepDelivered(index, 500);
    store.keepInput(index, page("quell-a", 10));
  }

  store.keepResult(ended(2));
  store.keepResult(ended(0));

  assert.deepEqual(store.results(), [ended(0), ended(2)]);
  assert.deepEqual([store.clockOf(2), store.deliveredUntil(2), store.inputsOf(2)], [null, null, [page("quell-a", 10)]]);
  assert.deepEqual([store.clockOf(1), store.deliveredUntil(1), store.inputsOf(1)], [1000, 500, [page("quell-a", 10)]]);
});

for (const change of [{ incidents: 3 }, { seed: 2 }, { policy: "page" }, { approve: "no" as const }]) {
  test(`a gameday goes on only with its own parameters: ${JSON.stringify(change)} is refused`, () => {
    const database = openDatabase(":memory:");
    gamedayStore(database, PARAMETERS, "a file");

    const reopen = () => gamedayStore(database, { ...PARAMETERS, ...change }, "a file");

    assert.throws(reopen, BadInput);
  });
}
