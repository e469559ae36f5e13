import assert from "node:assert/strict";
import { test } from "node:test";
import type { Ledger, PageRequest, Pager } from "../../core/ports.ts";
import { pagerContract } from "../contracts/pager.contract.ts";
import { simulatedLedger } from "../simulated/ledger.ts";
import { pagedOnce } from "./paged-once.ts";

const request: PageRequest = { incidentId: "quell-one", severity: 2, summary: "checkout fails", details: [] };

/** A way of paging that notes what it sends; it fails while `fails` says so. */
const noting = (fails: () => boolean = () => false) => {
  const sent: string[] = [];
  const send = async (what: string): Promise<void> => {
    if (fails()) throw new Error("the pager is down");
    sent.push(what);
  };
  const pager: Pager = {
    page: ({ incidentId }) => send(incidentId),
    update: (_, text) => send(`update ${text}`),
    resolve: (_, text) => send(`resolve ${text}`),
  };
  return { pager, sent };
};

const down = async (): Promise<never> => {
  throw new Error("the ledger is down");
};

pagerContract("paged once", async () => {
  const { pager, sent } = noting();
  return { pager: pagedOnce(simulatedLedger(), "a", pager), reached: async () => sent };
});

test("another process that shares the ledger does not page again, and may go on telling", async () => {
  const ledger = simulatedLedger();
  const { pager, sent } = noting();
  await pagedOnce(ledger, "a", pager).page(request);

  await pagedOnce(ledger, "a", pager).page(request);
  await pagedOnce(ledger, "a", pager).resolve("quell-one", "recovered");

  assert.deepEqual(sent, ["quell-one", "resolve recovered"]);
});

test("what one way sent says nothing of another", async () => {
  const ledger = simulatedLedger();
  const { pager, sent } = noting();

  await pagedOnce(ledger, "a", pager).page(request);
  await pagedOnce(ledger, "b", pager).update("quell-one", "still looking");
  await pagedOnce(ledger, "b", pager).page(request);

  assert.deepEqual(sent, ["quell-one", "quell-one"]);
});

test("a page that failed is no page: it is sent by the next try, and nothing is told before", async () => {
  let isDown = true;
  const { pager, sent } = noting(() => isDown);
  const once = pagedOnce(simulatedLedger(), "a", pager);

  await assert.rejects(once.page(request), /the pager is down/);
  await once.update("quell-one", "still looking");
  isDown = false;
  await once.page(request);

  assert.deepEqual(sent, ["quell-one"]);
});

for (const [name, broken] of [
  ["cannot be read", { read: down }],
  ["cannot be written", { write: down }],
] as const)
  test(`a page is sent where the ledger ${name}, and again by the next try`, async () => {
    const ledger: Ledger = { ...simulatedLedger(), ...broken };
    const { pager, sent } = noting();
    const once = pagedOnce(ledger, "a", pager);

    await once.page(request);
    await once.page(request);

    assert.deepEqual(sent, ["quell-one", "quell-one"]);
  });

test("words after the page wait for a ledger that can be read: without it they might page people anew", async () => {
  const { pager, sent } = noting();

  const told = pagedOnce({ ...simulatedLedger(), read: down }, "a", pager).update("quell-one", "still looking");

  await assert.rejects(told, /the ledger is down/);
  assert.deepEqual(sent, []);
});

test("a note in the ledger that nobody can read is no note", async () => {
  const ledger = simulatedLedger();
  await ledger.write("page#quell-one", "spoilt", null);
  const { pager, sent } = noting();
  const once = pagedOnce(ledger, "a", pager);

  await once.page(request);
  await once.page(request);

  assert.deepEqual(sent, ["quell-one"]);
});

test("an incident of very many words is told, and its note stays small", async () => {
  const ledger = simulatedLedger();
  const { pager, sent } = noting();
  const once = pagedOnce(ledger, "a", pager);
  await once.page(request);

  for (let n = 0; n < 200; n += 1) await once.update("quell-one", `word ${n}`);
  await once.page(request);

  assert.equal(sent.length, 201);
  assert.ok(JSON.stringify((await ledger.read("page#quell-one"))?.item).length < 3_000);
});
