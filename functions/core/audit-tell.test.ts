import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { simulatedAuditStore } from "../adapters/simulated/audit-store.ts";
import { auditTrail } from "./audit.ts";
import { verifyTrail } from "./audit-manifest.ts";
import type { AuditEntry, AuditStore } from "./audit-store.ts";
import { type Tell, tellReported, tellTrail, toldPager, toldRecords } from "./audit-tell.ts";
import { incidentWith } from "./example.fixture.ts";
import type { Incident } from "./incident.ts";
import type { Json } from "./json.ts";
import { fakeLedger } from "./ledger.fixture.ts";
import type { Pager } from "./ports.ts";
import { incidentRecord } from "./record.ts";

const INCIDENT = incidentWith({ startedBy: "arn:execution" });
const { id: ID } = INCIDENT;
const NOW_MS = Date.UTC(2026, 0, 5, 10);
const ending = {
  terminal: "ESCALATED",
  because: { code: "step-abandoned", detail: "it ended" },
  atMs: NOW_MS,
} as const;
const stamps = {
  guardrails: { hash: "g" },
  catalogue: { hash: "c", runbooks: [] },
  scorer: { modelHash: "" },
  codeHash: "",
};
const RECORD = incidentRecord(stamps, INCIDENT, ending, [], []);
const PAGE = { incidentId: ID, severity: 1, summary: "its execution ended", details: [] };

/** A pager that reaches whoever it is told to. */
const paging: Pager = { page: async () => {}, update: async () => {}, resolve: async () => {} };

const told = (store: AuditStore = simulatedAuditStore(), incidents: readonly Incident[] = [INCIDENT]) => {
  const ledger = fakeLedger();
  for (const incident of incidents)
    ledger.items.set(`incident#${incident.id}`, { item: incident as unknown as Json, version: 1 });
  const unheard: string[] = [];
  const again = (): Tell =>
    tellTrail(ledger, auditTrail(store, { nowMs: () => NOW_MS }), (what) => void unheard.push(what));
  const chain = async (id = ID) => (await store.chain(id)) as unknown as readonly AuditEntry[];
  const kinds = async (id = ID) => (await chain(id)).map(({ kind }) => kind);
  return { store, unheard, again, tell: again(), chain, kinds };
};

test("a chain begins with what opened its incident, whoever tells the first thing of it, and says so once", async () => {
  const { again, chain, kinds } = told();

  await Promise.all([
    again().told(ID, "decided", { key: "0" }),
    again().written(ID, "started", { key: "1" }),
    again().told(ID, "paged", { key: "page" }),
  ]);

  const [first] = await chain();
  assert.deepEqual((await kinds()).toSorted(), ["decided", "opened", "paged", "started"]);
  assert.deepEqual(first?.kind, "opened");
  assert.deepEqual(first?.body, {
    key: "incident",
    ...{ alarm: INCIDENT.keys[0], account: INCIDENT.account, region: INCIDENT.region, alarmName: INCIDENT.alarmName },
    ...{ service: INCIDENT.service, environment: INCIDENT.environment, severity: INCIDENT.severity, umbrella: false },
    ...{ openedAt: new Date(INCIDENT.openedAtMs).toISOString(), execution: "arn:execution" },
  });
});

test("what is told of no incident, as that the switch was turned, has a chain without an opening", async () => {
  const { tell, kinds, store } = told(simulatedAuditStore(), []);

  await tell.told("quell-set-abc", "paged", { key: "page" });

  assert.deepEqual(await kinds("quell-set-abc"), ["paged"]);
  assert.deepEqual((await verifyTrail(store, "2026-01-06")).faults, []);
});

test("an opening that could not be written is said, and stands in the chain with the next thing that is told", async () => {
  const inner = simulatedAuditStore();
  let isAway = true;
  const store: AuditStore = {
    ...inner,
    put: (entry) => (entry.kind === "opened" && isAway ? Promise.reject(new Error("away")) : inner.put(entry)),
  };
  const { tell, kinds, unheard } = told(store);

  await tell.told(ID, "decided", { key: "0" });
  isAway = false;
  await tell.told(ID, "closed", { key: "1" });

  assert.deepEqual(await kinds(), ["decided", "opened", "closed"]);
  assert.deepEqual(unheard, [`opened of ${ID}`]);
});

test("no token in an alarm's name goes into the trail", async () => {
  const token = `ghp_${"a1B2".repeat(9)}`;
  const { tell, chain } = told(simulatedAuditStore(), [
    incidentWith({ alarmName: `api ${token}`, keys: [`a/b/${token}`] }),
  ]);

  await tell.told(ID, "decided", { key: "0" });

  assert.doesNotMatch(JSON.stringify(await chain()), /ghp_/);
});

test("who was woken, how it ended and that it was over stand in the trail, each after it was so", async () => {
  const { tell, chain, kinds } = told();
  const pager = toldPager(paging, tell);
  const records = toldRecords({ put: async () => {} }, tell);

  await pager.page(PAGE);
  await records.put(RECORD);
  await tellReported(tell, RECORD, "shop/incidents#12");
  await pager.resolve(ID, "recovery held");

  assert.deepEqual(await kinds(), ["opened", "paged", "closed", "reported", "reported"]);
  const [, , closed, issue, over] = (await chain()).map(({ body }) => body as Readonly<Record<string, Json>>);
  assert.equal(issue?.record, closed?.record);
  assert.deepEqual([issue?.to, issue?.at], ["github", "shop/incidents#12"]);
  assert.deepEqual([over?.to, over?.says], ["pager", "recovery held"]);
});

test("what did not happen is not told", async () => {
  const { tell, kinds } = told();
  const down = () => Promise.reject(new Error("out of order"));
  const pager = toldPager({ ...paging, page: down, resolve: down }, tell);

  await assert.rejects(pager.page(PAGE));
  await assert.rejects(pager.resolve(ID, "over"));
  await assert.rejects(toldRecords({ put: down }, tell).put(RECORD));

  assert.deepEqual(await kinds(), []);
});

describe("an ending that dies before or after any write of its trail, and is tried again", () => {
  const end = async (tell: Tell): Promise<void> => {
    await toldPager(paging, tell).page(PAGE);
    await toldRecords({ put: async () => {} }, tell).put(RECORD);
    await tellReported(tell, RECORD, "shop/incidents#12");
    await toldPager(paging, tell).resolve(ID, "recovery held");
  };
  const WHOLE = ["opened", "paged", "closed", "reported", "reported"];

  for (let most = 1; most <= WHOLE.length; most += 1)
    for (const when of ["before", "after"] as const)
      test(`${when} write ${most}: everything stands in the chain once, and it verifies`, async () => {
        const store = simulatedAuditStore();
        let puts = 0;
        let isDead = false;
        const dying: AuditStore = {
          ...store,
          put: async (entry) => {
            puts += 1;
            isDead ||= puts === most && when === "before";
            if (isDead) throw new Error("the sandbox died");
            const wrote = await store.put(entry);
            isDead = puts === most;
            if (isDead) throw new Error("the sandbox died");
            return wrote;
          },
        };
        await end(told(dying).tell);

        await end(told(store).tell);
        const { kinds, tell } = told(store);
        await end(tell);

        assert.deepEqual((await kinds()).toSorted(), WHOLE.toSorted());
        assert.deepEqual((await verifyTrail(store, "2026-01-06")).faults, []);
      });
});
