import assert from "node:assert/strict";
import { test } from "node:test";
import { simulatedLedger } from "../adapters/simulated/ledger.ts";
import { CELL, confirmed, trial, wait } from "./autonomy.fixture.ts";
import { autonomyOf, type CellState, ownersLimit } from "./autonomy.ts";
import type { AutonomyEvent } from "./autonomy-evidence.ts";
import { grantAutonomy, reinstateAutonomy, reinstatedIn, suspendAutonomy } from "./grant-autonomy.ts";
import { autonomyEarned } from "./guard-facts.ts";
import type { Json } from "./json.ts";
import { autonomyKey } from "./ledger.ts";
import type { Ledger } from "./ports.ts";

const KEY = autonomyKey(CELL.runbook, CELL.environment);
const rules = { policy: "rules", modelHash: "" };
const states = (events: readonly AutonomyEvent[], lifted?: ReadonlyMap<string, number>): readonly CellState[] =>
  autonomyOf(events, [{ ...CELL, tier: 1 }], ownersLimit(0.05), undefined, lifted);
const proven = Array.from({ length: 100 }, (_, day) => [wait(day), trial(day)]).flat();
const EARNED = states(proven);
const ASKS = states(proven.slice(0, 20));
const SUSPENDED = states([...proven, confirmed(200)]);

/** Counts what is written, and remembers nothing else. */
const counting = (ledger: Ledger) => {
  let writes = 0;
  const write: Ledger["write"] = (key, item, expected) => {
    writes += 1;
    return ledger.write(key, item, expected);
  };
  return { ledger: { ...ledger, write }, writes: () => writes };
};
const itemIn = async (ledger: Ledger): Promise<Json | null> => (await ledger.read(KEY))?.item ?? null;

test("what has earned it acts alone under the policy that earned it; nothing is written of what has not", async () => {
  const [earned, asks] = [simulatedLedger(), simulatedLedger()];

  await grantAutonomy(earned, EARNED, rules, 5);
  await grantAutonomy(asks, ASKS, rules, 5);

  assert.equal(autonomyEarned(await itemIn(earned), rules).holds, true);
  assert.equal(await itemIn(asks), null);
});

test("another model or policy asks where this one acts alone, and so does one of which nobody knows who it is", async () => {
  const ledger = simulatedLedger();
  await grantAutonomy(ledger, EARNED, { policy: "qnet", modelHash: "a" }, 5);

  const held = [
    { policy: "qnet", modelHash: "a" },
    { policy: "qnet", modelHash: "b" },
    { policy: "clone", modelHash: "a" },
    null,
  ].map(async (acting) => autonomyEarned(await itemIn(ledger), acting).holds);

  assert.deepEqual(await Promise.all(held), [true, false, false, false]);
});

test("saying it again writes nothing, and keeps under whom and when it was earned", async () => {
  const { ledger, writes } = counting(simulatedLedger());

  await grantAutonomy(ledger, EARNED, rules, 5);
  const once = await itemIn(ledger);
  await grantAutonomy(ledger, EARNED, { ...rules }, 9);

  assert.equal(writes(), 1);
  assert.deepEqual(await itemIn(ledger), once);
});

test("what another actor earned does not keep this one from it, and an owner's grant is left as it is", async () => {
  const [ledger, owned] = [simulatedLedger(), simulatedLedger()];
  const [one, other] = [
    { policy: "qnet", modelHash: "a" },
    { policy: "qnet", modelHash: "b" },
  ];
  await owned.write(KEY, { earned: true, changedAtMs: 0, by: "ada" }, null);
  await grantAutonomy(ledger, EARNED, one, 5);

  for (const each of [ledger, owned]) await grantAutonomy(each, EARNED, other, 9);

  const held = await itemIn(ledger);
  assert.deepEqual(
    [one, other].map((acting) => autonomyEarned(held, acting).holds),
    [false, true],
  );
  assert.equal(Object(await itemIn(owned)).by, "ada");
});

test("what the evidence no longer carries asks again", async () => {
  const ledger = simulatedLedger();
  await grantAutonomy(ledger, EARNED, rules, 5);

  await grantAutonomy(ledger, ASKS, rules, 6);

  assert.deepEqual(autonomyEarned(await itemIn(ledger), rules).holds, false);
});

test("a suspension outlives every later evidence, until a person lifts it", async () => {
  const ledger = simulatedLedger();
  await grantAutonomy(ledger, EARNED, rules, 5);
  await suspendAutonomy(ledger, CELL, "it made things worse", 6);

  await grantAutonomy(ledger, EARNED, rules, 7);
  const suspended = autonomyEarned(await itemIn(ledger), rules);
  await reinstateAutonomy(ledger, CELL, "ada", 8);
  const lifted = autonomyEarned(await itemIn(ledger), rules);
  await grantAutonomy(ledger, EARNED, rules, 9);

  assert.deepEqual(suspended, { holds: false, detail: "It must not act alone here any more: it made things worse." });
  assert.deepEqual([lifted.holds, [...(await reinstatedIn(ledger))]], [false, [["ecs-rollback/production", 8]]]);
  assert.equal(autonomyEarned(await itemIn(ledger), rules).holds, true);
});

test("evidence of a confirmed harm suspends, in a ledger that has never heard of the cell as well", async () => {
  for (const before of [EARNED, []]) {
    const ledger = simulatedLedger();
    await grantAutonomy(ledger, before, rules, 5);

    await grantAutonomy(ledger, SUSPENDED, rules, 6);

    assert.match(autonomyEarned(await itemIn(ledger), rules).detail, /must not act alone .* decision quell-200\/0/);
  }
});

test("what an owner granted stands without evidence, for whoever acts, and a harm ends it", async () => {
  const ledger = simulatedLedger();
  await ledger.write(KEY, { earned: true, changedAtMs: 0, by: "ada" }, null);

  await grantAutonomy(ledger, ASKS, rules, 5);
  const stands = autonomyEarned(await itemIn(ledger), null).holds;
  await suspendAutonomy(ledger, CELL, "it made things worse", 6);

  assert.deepEqual([stands, autonomyEarned(await itemIn(ledger), null).holds], [true, false]);
});

test("an item that is damaged ends suspended, and whole, so that a person can reinstate it", async () => {
  for (const damaged of [{ earned: true }, "yes", { earned: false, changedAtMs: "?", by: "evidence" }]) {
    const ledger = simulatedLedger();
    await ledger.write(KEY, damaged, null);

    await suspendAutonomy(ledger, CELL, "it made things worse", 6);

    assert.match(autonomyEarned(await itemIn(ledger), null).detail, /must not act alone .*: it made things worse/);
    await reinstateAutonomy(ledger, CELL, "ada", 8);
    assert.equal(Object(await itemIn(ledger)).suspendedBecause, null);
  }
});

test("there is nothing to suspend where nothing acts alone, nor to lift where nothing is suspended", async () => {
  const ledger = simulatedLedger();

  await suspendAutonomy(ledger, CELL, "it made things worse", 6);
  await reinstateAutonomy(ledger, CELL, "ada", 8);

  assert.equal(await itemIn(ledger), null);
});

test("a lost race and a lost reply end in the same item", async () => {
  const held = simulatedLedger();
  let calls = 0;
  const flaky: Ledger = {
    ...held,
    write: async (key, item, expected) => {
      calls += 1;
      if (calls === 1) return false;
      await held.write(key, item, expected);
      throw new Error("the reply was lost");
    },
  };

  await grantAutonomy(flaky, EARNED, rules, 5);

  assert.equal(autonomyEarned(await itemIn(held), rules).holds, true);
  assert.equal(calls, 2);
});
