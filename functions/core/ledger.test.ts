import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Json } from "./json.ts";
import { fakeLedger, type Mishap } from "./ledger.fixture.ts";
import { change, LedgerContended } from "./ledger.ts";

/** Adds a token once: the smallest decision that recognises itself. */
const add =
  (token: string) =>
  (item: Json | null): Readonly<{ write: Json }> | Readonly<{ stop: "there" }> => {
    const tokens = (item ?? []) as readonly string[];
    return tokens.includes(token) ? { stop: "there" } : { write: [...tokens, token] };
  };

const mishap = fc.constantFrom<Mishap>("none", "fails", "reply-lost", "reply-false");

test("whatever goes wrong, a change is made at most once, and what it returns is true", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(mishap, { maxLength: 6 }),
      fc.array(fc.constantFrom<Mishap>("none", "fails"), { maxLength: 6 }),
      async (writes, reads) => {
        const ledger = fakeLedger({ reads, writes });

        const decided = await change(ledger, "k", add("mine")).catch((error: unknown) => error);

        const stored = ((ledger.items.get("k")?.item ?? []) as readonly string[]).filter((token) => token === "mine");
        assert.ok(stored.length <= 1);
        assert.ok(decided instanceof LedgerContended || stored.length === 1);
      },
    ),
    { numRuns: 1000 },
  );
});

test("many writers at once all get their change in, each once", async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fc.integer({ min: 2, max: 5 }), async (scheduler, writers) => {
      const inner = fakeLedger();
      const ledger = {
        read: scheduler.scheduleFunction(inner.read),
        write: scheduler.scheduleFunction(inner.write),
      };
      const tokens = Array.from({ length: writers }, (_, i) => `writer ${i}`);

      const changes = Promise.all(tokens.map((token) => change(ledger, "k", add(token), writers)));
      await scheduler.waitFor(changes);

      const written = (inner.items.get("k")?.item ?? []) as readonly string[];
      assert.deepEqual([...written].sort(), tokens);
    }),
  );
});

test("a conflict reads again and decides again on what is there now", async () => {
  const ledger = fakeLedger();
  const seen: (Json | null)[] = [];
  const decide = (item: Json | null) => {
    if (seen.push(item) === 1) ledger.items.set("k", { item: "a rival's", version: 1 });
    return { write: "mine", seen: item };
  };

  const decided = await change(ledger, "k", decide);

  assert.deepEqual(seen, [null, "a rival's"]);
  assert.equal(decided.seen, "a rival's");
});

test("a write whose reply was lost at the last try is recognised by one more look", async () => {
  const ledger = fakeLedger({ writes: ["reply-lost"] });

  const decided = await change(ledger, "k", add("mine"), 1);

  assert.deepEqual(decided, { stop: "there" });
});

test("the tries are bounded, and the last failure is the cause", async () => {
  const ledger = fakeLedger({ writes: ["fails", "fails", "fails"] });

  const contended = change(ledger, "k", add("mine"), 3);

  await assert.rejects(contended, (error) => error instanceof LedgerContended && error.cause instanceof Error);
  assert.equal(ledger.writes(), 3);
});

test("a stop writes nothing", async () => {
  const ledger = fakeLedger();

  const decided = await change(ledger, "k", () => ({ stop: "no reason" }) as const);

  assert.deepEqual(decided, { stop: "no reason" });
  assert.equal(ledger.writes(), 0);
});

test("what the decision throws passes through at once", async () => {
  const ledger = fakeLedger();

  const changed = change(ledger, "k", () => {
    throw new TypeError("a damaged item");
  });

  await assert.rejects(changed, TypeError);
});
