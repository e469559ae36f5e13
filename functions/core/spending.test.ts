import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { settingsWith } from "./example.fixture.ts";
import type { Json } from "./json.ts";
import { fakeLedger, type Mishap } from "./ledger.fixture.ts";
import { LedgerContended } from "./ledger.ts";
import {
  type Call,
  type Cost,
  costOf,
  mostCost,
  NO_COST,
  reserveSpending,
  settleSpending,
  spendingLeft,
} from "./spending.ts";

const settings = settingsWith();
const [dear, cheap] = settings.drafter.models;
assert.ok(dear && cheap);
const NOON = Date.UTC(2026, 0, 5, 12);

const costWith = (usd: number, inputTokens = 0, outputTokens = 0): Cost => ({ usd, inputTokens, outputTokens });
const callWith = (changes: Partial<Call> = {}): Call => ({
  incidentId: "quell-a",
  token: "quell-a/0/1",
  nowMs: NOON,
  ...changes,
});

type Entry = Readonly<{ token: string; usd: number; tokens: number }>;
const entries = (item: Json | undefined): readonly Entry[] =>
  item === undefined ? [] : (item as unknown as Readonly<{ calls: readonly Entry[] }>).calls;
const sum = (of: readonly Entry[], what: "usd" | "tokens"): number => of.reduce((all, entry) => all + entry[what], 0);

/** What every purse of a ledger holds stays within its budgets. */
const assertWithin = (ledger: ReturnType<typeof fakeLedger>, budgets: typeof settings.budgets): void => {
  for (const [key, { item }] of ledger.items) {
    const calls = entries(item);
    const isHour = key.startsWith("spend#hour/");
    assert.ok(sum(calls, "usd") <= (isHour ? budgets.usdPerHour : budgets.usdPerIncident) + 1e-9, key);
    assert.ok(isHour || sum(calls, "tokens") <= budgets.tokensPerIncident, key);
    assert.ok(!isHour || calls.length <= budgets.modelCallsPerHour, key);
  }
};

const tight = settingsWith({ budgets: { usdPerHour: 0.6, modelCallsPerHour: 5 } });
const flooding = fc.record({
  incidentId: fc.constantFrom("a", "b", "c"),
  usd: fc.double({ min: 0, max: 0.3, noNaN: true }),
  tokens: fc.nat(40_000),
  share: fc.double({ min: 0, max: 1, noNaN: true }),
  minutes: fc.nat(90),
  crashes: fc.boolean(),
});

test("however calls race, crash and settle, no budget of an incident or of an hour is ever exceeded", async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fc.array(flooding, { maxLength: 12 }), async (scheduler, calls) => {
      const inner = fakeLedger();
      const write = async (...written: Parameters<typeof inner.write>): Promise<boolean> => {
        const stored = await inner.write(...written);
        assertWithin(inner, tight.budgets);
        return stored;
      };
      const ledger = { read: scheduler.scheduleFunction(inner.read), write: scheduler.scheduleFunction(write) };

      const runs = calls.map(async ({ incidentId, usd, tokens, share, minutes, crashes }, i) => {
        const call = { incidentId, token: String(i), nowMs: NOON + minutes * 60_000 };
        const full = await reserveSpending(ledger, tight, call, costWith(usd, tokens));
        if (full !== null || crashes) return;
        await settleSpending(ledger, tight, call, costWith(usd * share, Math.floor(tokens * share)));
      });
      const results = await scheduler.waitFor(Promise.allSettled(runs));

      const failures = results.flatMap((one) => (one.status === "rejected" ? [one.reason.name] : []));
      assert.ok(
        failures.every((name) => name === "LedgerContended"),
        failures.join(),
      );
      assertWithin(inner, tight.budgets);
    }),
    { numRuns: 500 },
  );
});

test("what was reserved and not refused is counted in both purses, and what was refused in neither", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(flooding, { maxLength: 12 }), async (calls) => {
      const ledger = fakeLedger();
      const counted = new Map<string, boolean>();

      for (const [i, { incidentId, usd, tokens }] of calls.entries()) {
        const call = { incidentId, token: String(i), nowMs: NOON };
        counted.set(call.token, (await reserveSpending(ledger, tight, call, costWith(usd, tokens))) === null);
      }

      const held = [...ledger.items.values()].flatMap(({ item }) => entries(item).map(({ token }) => token));
      for (const [token, isCounted] of counted) {
        assert.equal(held.filter((one) => one === token).length, isCounted ? 2 : 0);
      }
    }),
  );
});

test("a lost reply counts a call once, at its reservation and at its settlement", async () => {
  const mishap: fc.Arbitrary<Mishap> = fc.constantFrom("none", "fails", "reply-lost", "reply-false");
  await fc.assert(
    fc.asyncProperty(fc.array(mishap, { maxLength: 4 }), async (writes) => {
      const ledger = fakeLedger({ writes });

      const full = await reserveSpending(ledger, settings, callWith(), costWith(0.1, 1000));
      await settleSpending(ledger, settings, callWith(), costWith(0.02, 200));

      assert.equal(full, null);
      for (const { item } of ledger.items.values()) {
        assert.deepEqual(entries(item), [{ token: "quell-a/0/1", usd: 0.02, tokens: 200 }]);
      }
    }),
  );
});

test("each budget refuses by its own name", async () => {
  const cases = [
    { budgets: {}, most: costWith(0.26), refused: "usdPerIncident" },
    { budgets: {}, most: costWith(0, 59_000, 1_001), refused: "tokensPerIncident" },
    { budgets: { usdPerHour: 0.1 }, most: costWith(0.11), refused: "usdPerHour" },
    { budgets: { modelCallsPerHour: 1 }, most: NO_COST, refused: "modelCallsPerHour" },
    { budgets: {}, most: costWith(0.25, 59_000, 1_000), refused: null },
  ];

  for (const { budgets, most, refused } of cases) {
    const ledger = fakeLedger();
    await reserveSpending(ledger, settingsWith({ budgets }), callWith({ incidentId: "other" }), NO_COST);
    const full = await reserveSpending(ledger, settingsWith({ budgets }), callWith({ token: "mine" }), most);
    assert.equal(full, refused);
  }
});

test("a reservation that the hour's purse cannot take leaves nothing in the incident's", async () => {
  const inner = fakeLedger();
  const read = async (key: string) => {
    if (key.startsWith("spend#hour/")) throw new Error("the ledger is away");
    return inner.read(key);
  };

  await assert.rejects(reserveSpending({ ...inner, read }, settings, callWith(), costWith(0.2, 1000)), LedgerContended);

  assert.deepEqual(await spendingLeft(inner, settings, "quell-a", NOON), { usd: 0.25, tokens: 60_000 });
});

test("a new hour has its own purse, an incident keeps its own", async () => {
  const ledger = fakeLedger();
  const most = costWith(0.2);
  await reserveSpending(ledger, settings, callWith(), most);

  const sameIncident = await reserveSpending(ledger, settings, callWith({ token: "b", nowMs: NOON + 3_600_000 }), most);
  const left = await spendingLeft(ledger, settings, "quell-b", NOON + 3_600_000);

  assert.equal(sameIncident, "usdPerIncident");
  assert.deepEqual(left, { usd: 0.25, tokens: 60_000 });
});

test("what is left is the lesser of the incident's and the hour's rest, less what is reserved", async () => {
  const ledger = fakeLedger();
  const hourly = settingsWith({ budgets: { usdPerHour: 0.3 } });
  await reserveSpending(ledger, hourly, callWith(), costWith(0.2, 500, 100));

  const own = await spendingLeft(ledger, hourly, "quell-a", NOON);
  const other = await spendingLeft(ledger, hourly, "quell-b", NOON);

  assert.deepEqual([own.usd.toFixed(2), own.tokens], ["0.05", 59_400]);
  assert.deepEqual([other.usd.toFixed(2), other.tokens], ["0.10", 60_000]);
});

test("a damaged purse is an error, never an empty one", async () => {
  for (const item of [{}, [], 0, { calls: [{ token: "a" }] }] as const) {
    const ledger = fakeLedger();
    ledger.items.set("spend#incident/quell-a", { item: item as Json, version: 1 });

    await assert.rejects(reserveSpending(ledger, settings, callWith(), NO_COST));
    await assert.rejects(spendingLeft(ledger, settings, "quell-a", NOON));
  }
});

test("a call costs each kind of token at its own price, and all that went in are input", () => {
  const million = { inputTokens: 1e6, cacheWriteTokens: 1e6, cacheReadTokens: 1e6, outputTokens: 1e6 };

  const costs = [dear, cheap].map((model) => costOf(model, million));

  assert.deepEqual(
    costs.map(({ usd, inputTokens, outputTokens }) => [usd.toFixed(2), inputTokens, outputTokens]),
    [
      ["16.10", 3e6, 1e6],
      ["0.81", 3e6, 1e6],
    ],
  );
});

test("no call costs more than its most, while a token has at least two bytes", () => {
  const text = fc.string({ unit: "binary", maxLength: 300 });
  const parts = fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }));
  fc.assert(
    fc.property(text, text, text, fc.nat(500), parts, (system, catalogue, data, maxOutputTokens, [a, b]) => {
      const request = { system, catalogue, data, schema: { type: "object" }, maxOutputTokens };
      // Only what stands before the mark can be written into the cache or read from it.
      const marked = Math.floor((Buffer.byteLength(system + catalogue, "utf8") + 17) / 2);
      const tokens = marked + Math.floor(Buffer.byteLength(data, "utf8") / 2);
      const written = Math.floor(marked * a);
      const cached = Math.floor((marked - written) * b);
      const usage = {
        inputTokens: tokens - written - cached,
        cacheWriteTokens: written,
        cacheReadTokens: cached,
        outputTokens: maxOutputTokens,
      };

      const most = mostCost(dear, request);
      const cost = costOf(dear, usage);

      assert.ok(cost.usd <= most.usd + 1e-12 && cost.inputTokens <= most.inputTokens);
    }),
  );
});

test("the data of an incident is never counted at the price of a cache that it does not enter", () => {
  const request = { system: "", catalogue: "", data: "x".repeat(2_000_000), schema: {}, maxOutputTokens: 0 };

  const { usd, inputTokens } = mostCost(dear, request);

  assert.deepEqual([inputTokens, usd.toFixed(4)], [1_000_001, "2.0000"]);
});
