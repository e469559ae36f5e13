import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Budget, budgetsOf, giveBack, spend, spendAll, spentBy } from "./budget.ts";
import type { Json } from "./json.ts";
import { fakeLedger } from "./ledger.fixture.ts";
import { settingsSchema } from "./settings.ts";

const HOUR_MS = 3_600_000;
const settings = settingsSchema.parse({ account: "1", region: "r", services: [] });
const hourly: Budget = { key: "budget#service/api", what: "actions", limit: 3, windowSeconds: 3600 };
const running: Budget = { key: "budget#running", what: "running", limit: 2, windowSeconds: null };
const [, daily] = budgetsOf(settings, "api", "arn");

type Entry = Readonly<{ effectKey: string; atMs: number }>;
const entries = (item: Json | null): readonly Entry[] =>
  item === null ? [] : (item as unknown as Readonly<{ counted: readonly Entry[] }>).counted;

const attempt = fc.record({ effectKey: fc.constantFrom("a", "b", "c", "d", "e", "f"), atMs: fc.nat(4 * HOUR_MS) });

test("in any order, with duplicates and clocks that jump, no window of the ledger's time holds more than the limit", () => {
  fc.assert(
    fc.property(fc.array(attempt, { maxLength: 60 }), (attempts) => {
      const spent: Entry[] = [];
      let item: Json | null = null;

      for (const { effectKey, atMs } of attempts) {
        const decided = spend(item, hourly, effectKey, atMs);
        if ("write" in decided) item = decided.write;
        if ("write" in decided) spent.push(...entries(item).filter((entry) => entry.effectKey === effectKey));
      }

      for (const { atMs } of spent) {
        const window = spent.filter((other) => other.atMs >= atMs && other.atMs < atMs + HOUR_MS);
        assert.ok(window.length <= hourly.limit, JSON.stringify(window));
      }
    }),
    { numRuns: 3000 },
  );
});

test("counting the same key again changes nothing, however often", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom("a", "b"), { minLength: 2, maxLength: 20 }), (keys) => {
      let item: Json | null = null;

      for (const effectKey of keys) {
        const decided = spend(item, running, effectKey, 0);
        if ("write" in decided) item = decided.write;
      }

      assert.equal(entries(item).length, new Set(keys).size);
    }),
  );
});

test("effects that race over one ledger never exceed a limit, and what was granted is counted in every budget", async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fc.integer({ min: 1, max: 6 }), async (scheduler, effects) => {
      const inner = fakeLedger();
      const ledger = { read: scheduler.scheduleFunction(inner.read), write: scheduler.scheduleFunction(inner.write) };
      const budgets = budgetsOf(settings, "api", "arn");
      const keys = Array.from({ length: effects }, (_, i) => `effect ${i}`);

      const all = Promise.allSettled(keys.map((key) => spendAll(ledger, budgets, key, 0)));
      const results = await scheduler.waitFor(all);

      const granted = keys.filter((_, i) => {
        const result = results[i];
        return result?.status === "fulfilled" && result.value === null;
      });
      for (const budget of budgets) {
        const counted = entries(inner.items.get(budget.key)?.item ?? null).map((entry) => entry.effectKey);
        assert.ok(counted.length <= budget.limit);
        assert.ok(granted.every((key) => counted.includes(key)));
      }
    }),
  );
});

test("an effect leaves the hour's window an hour after it was counted, not before", () => {
  const item: Json = { counted: [{ effectKey: "a", atMs: 0 }] };

  const counts = [HOUR_MS - 1, HOUR_MS].map((nowMs) => spentBy(item, hourly, nowMs, null));

  assert.deepEqual(counts, [1, 0]);
});

test("the asker's own entry is not counted against it", () => {
  const item: Json = { counted: ["a", "b"].map((effectKey) => ({ effectKey, atMs: 0 })) };

  const counts = [null, "b", "c"].map((own) => spentBy(item, running, 0, own));

  assert.deepEqual(counts, [2, 1, 2]);
});

test("a running effect counts until it is given back, however long it takes", () => {
  const item: Json = { counted: ["a", "b"].map((effectKey) => ({ effectKey, atMs: 0 })) };

  const before = spend(item, running, "c", 1e12);
  const given = giveBack(item, "a");
  assert.ok("write" in given);
  const after = spend(given.write, running, "c", 1e12);

  assert.deepEqual(before, { stop: "spent", count: 2 });
  assert.ok("write" in after);
});

test("what was counted before a later budget refused is given back, what an earlier call counted is not", async () => {
  const ledger = fakeLedger();
  const full: Json = { counted: ["x", "y"].map((effectKey) => ({ effectKey, atMs: 0 })) };
  ledger.items.set("budget#running", { item: full, version: 1 });
  ledger.items.set("budget#service/api", { item: { counted: [{ effectKey: "mine", atMs: 0 }] }, version: 1 });

  const refused = await spendAll(ledger, budgetsOf(settings, "api", "arn"), "mine", 0);

  assert.equal(refused?.key, "budget#running");
  assert.equal(entries(ledger.items.get("budget#service/api")?.item ?? null).length, 1);
  assert.equal(entries(ledger.items.get("budget#resource/arn")?.item ?? null).length, 0);
});

test("the defaults are three a service and hour, four a resource and day, two running", () => {
  const budgets = budgetsOf(settings, "api", "arn");

  assert.deepEqual(
    budgets.map(({ key, limit, windowSeconds }) => [key, limit, windowSeconds]),
    [
      ["budget#service/api", 3, 3600],
      ["budget#resource/arn", 4, 86_400],
      ["budget#running", 2, null],
    ],
  );
});

test("a damaged item is an error, never an empty budget", () => {
  const damaged: readonly Json[] = [{}, [], 0, { counted: [{ effectKey: "a" }] }];

  for (const item of damaged) {
    assert.throws(() => spentBy(item, hourly, 0, null));
    assert.throws(() => spend(item, daily ?? hourly, "a", 0));
  }
});
