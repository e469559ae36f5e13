import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { engineStoreContract } from "../adapters/contracts/engine-store.contract.ts";
import { ledgerContract } from "../adapters/contracts/ledger.contract.ts";
import { createEngine } from "../adapters/durable/engine.ts";
import { openDatabase } from "../adapters/sqlite/database.ts";
import { type Parts, partsIn } from "./gameday-part.ts";

/** Their prefixes are easily taken for each other's. */
const WORLDS = [0, 1, 7, 10, 70, 77];

/** Starts an execution of this name in one world's part, due at this time. */
const startIn = (parts: Parts, index: number, name: string, atMs: number): void => {
  const store = parts.engineStoreOf(index);
  const handler = () => assert.fail("nothing runs here");
  createEngine({ store, clock: { nowMs: () => atMs }, handler }).start(name, { index });
};

/** Parts of which all but that of world 7 hold something. */
const crowded = (): Parts => {
  const parts = partsIn(openDatabase(":memory:"));
  for (const index of WORLDS.filter((other) => other !== 7)) {
    // SQLite has written when the call returns: nobody need wait.
    for (const key of ["incident#a", "lease#web", "a", ""]) void parts.ledgerOf(index).write(key, { index }, null);
    for (const name of ["a", "b", "one", "two"]) startIn(parts, index, name, index);
  }
  return parts;
};

ledgerContract("one world's part of the ledger", () => crowded().ledgerOf(7));
engineStoreContract("one world's part of the executions", () => crowded().engineStoreOf(7));

test("what one world writes, no other one sees, and what one world drops, no other one loses", async () => {
  const write = fc.record({ index: fc.constantFrom(...WORLDS), key: fc.string({ maxLength: 3 }) });
  await fc.assert(
    fc.asyncProperty(fc.array(write), fc.constantFrom(...WORLDS), async (writes, dropped) => {
      const parts = partsIn(openDatabase(":memory:"));

      for (const { index, key } of writes) {
        await parts.ledgerOf(index).write(key, index, null);
        startIn(parts, index, `e${key.length}`, 1000 + index);
      }
      parts.drop(dropped);

      for (const index of WORLDS) {
        const own = index === dropped ? [] : writes.filter((one) => one.index === index);
        const store = parts.engineStoreOf(index);
        const listed = await parts.ledgerOf(index).list("");
        assert.deepEqual(
          listed.toSorted((one, other) => (one.key < other.key ? -1 : 1)),
          [...new Set(own.map(({ key }) => key))].toSorted().map((key) => ({ key, item: index })),
        );
        assert.deepEqual(
          [...store.names()].toSorted(),
          [...new Set(own.map(({ key }) => `e${key.length}`))].toSorted(),
        );
        assert.deepEqual(store.due(10_000), store.names());
        assert.equal(store.size(), store.names().length);
        assert.equal(store.nextDueAtMs() === null, own.length === 0);
        for (const name of store.names()) assert.equal(store.execution(name)?.name, name);
      }
    }),
  );
});
