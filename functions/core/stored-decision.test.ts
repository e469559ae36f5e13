import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Decision } from "./decide.ts";
import { chapterWith, deedWith } from "./example.fixture.ts";
import type { Json } from "./json.ts";
import { fakeLedger, type Mishap } from "./ledger.fixture.ts";
import { isSeal, readDecision, type StoredDecision, sealDecisions, storeDecision } from "./stored-decision.ts";

const { decision } = chapterWith();
const madeUnder = { features_hash: "f", catalogue_hash: "c", guardrails_hash: "g" };
const storedAt = (step: number, changes: Partial<Decision> = {}): StoredDecision => ({
  ...{ decision: { ...decision, step, decisionId: `quell-test/${step}`, ...changes }, madeUnder },
  before: step === 0 ? null : deedWith({ endedAtMs: step }),
});

test("a decision is stored once: whoever comes second gets the first", async () => {
  const ledger = fakeLedger();

  const first = await storeDecision(ledger, storedAt(0));
  const second = await storeDecision(ledger, storedAt(0, { digest: "another" }));

  assert.deepEqual([first, second], [storedAt(0), storedAt(0)]);
  assert.deepEqual(await readDecision(ledger, "quell-test", 0), storedAt(0));
  assert.equal(await readDecision(ledger, "quell-test", 1), null);
});

test("of a decision that older code stored, what it did not write down is null", async () => {
  const ledger = fakeLedger();
  const { limits: _limits, severity: _severity, ...older } = decision;
  ledger.items.set("decision#quell-test/0", { item: older as unknown as Json, version: 1 });

  const read = await readDecision(ledger, "quell-test", 0);

  assert.deepEqual(read, { decision: { ...decision, limits: null, severity: null }, madeUnder: null, before: null });
});

test("behind a seal nothing is stored, and no decision is mistaken for one", async () => {
  const ledger = fakeLedger();
  await storeDecision(ledger, storedAt(0));

  const sealed = await sealDecisions(ledger, "quell-test");
  const again = await sealDecisions(ledger, "quell-test");

  assert.deepEqual([sealed, again], [[storedAt(0)], [storedAt(0)]]);
  assert.equal(await storeDecision(ledger, storedAt(1)), "sealed");
  assert.equal(await readDecision(ledger, "quell-test", 1), "sealed");
  assert.deepEqual(await storeDecision(ledger, storedAt(0)), storedAt(0));
  assert.equal(isSeal(storedAt(0).decision as unknown as Json), false);
});

test("whoever seals knows every decision that is ever stored, however both interleave and whatever goes wrong", async () => {
  const mishaps = fc.array(fc.constantFrom<Mishap>("none", "none", "fails", "reply-lost", "reply-false"), {
    maxLength: 8,
  });
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fc.nat({ max: 5 }), mishaps, async (scheduler, most, writes) => {
      const held = fakeLedger({ writes });
      const ledger = {
        read: scheduler.scheduleFunction(held.read),
        write: scheduler.scheduleFunction(held.write),
        list: scheduler.scheduleFunction(held.list),
      };
      const patiently = async <T>(work: () => Promise<T>): Promise<T> => {
        try {
          return await work();
        } catch {
          return patiently(work);
        }
      };
      const decides = async (): Promise<number> => {
        for (let step = 0; step < most; step += 1)
          if ((await patiently(() => storeDecision(ledger, storedAt(step)))) === "sealed") return step;
        return most;
      };

      const [count, sealed] = await scheduler.waitFor(
        Promise.all([decides(), patiently(() => sealDecisions(ledger, "quell-test"))]),
      );

      assert.deepEqual(
        sealed,
        Array.from({ length: count }, (_, step) => storedAt(step)),
      );
    }),
    { numRuns: 300 },
  );
});
