import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { simulatedAuditStore } from "../adapters/simulated/audit-store.ts";
import { AuditDamaged, auditTrail, NO_LINK, verifyChain } from "./audit.ts";
import { manifestOf, verifyTrail } from "./audit-manifest.ts";
import type { AuditEntry, AuditStore } from "./audit-store.ts";
import type { Json } from "./json.ts";

const DAY_MS = 86_400_000;
const START_MS = Date.UTC(2026, 0, 5, 10);
const ID = "quell-test";

/** A store with a trail whose clock the test moves. */
const opened = (store: AuditStore = simulatedAuditStore()) => {
  const time = { nowMs: START_MS };
  return { store, time, trail: auditTrail(store, { nowMs: () => time.nowMs }) };
};

/** Three chains over three days, two of them closed by a manifest. */
const grown = async () => {
  const { store, time, trail } = opened();
  for (const day of [0, 1, 2]) {
    time.nowMs = START_MS + day * DAY_MS;
    for (const id of ["a", "b", "c"].slice(0, 3 - day))
      for (const key of ["x", "y"]) await trail.append(id, "decided", { key: `${key}${day}`, said: 'é "\n' });
    if (day < 2) await manifestOf(store, new Date(time.nowMs).toISOString().slice(0, 10));
  }
  return store;
};
const TODAY = "2026-01-07";

/** The store as somebody left it who changed rows of one chain, or of the manifests. */
const tampered = (
  store: AuditStore,
  change: Readonly<{
    chain?: (rows: readonly Json[], id: string) => readonly Json[];
    manifests?: (rows: readonly Json[]) => readonly Json[];
  }>,
): AuditStore => ({
  ...store,
  chain: async (id) => (change.chain ?? ((rows) => rows))(await store.chain(id), id),
  manifests: async () => (change.manifests ?? ((rows) => rows))(await store.manifests()),
});

test("each entry names the hash of the one before it, and a chain that nobody touched verifies", async () => {
  const { store, trail } = opened();
  for (const key of ["1", "2", "3"]) await trail.append(ID, "answered", { key });

  const chain = (await store.chain(ID)) as unknown as readonly AuditEntry[];

  assert.deepEqual(
    chain.map(({ seq, previous }) => [seq, previous]),
    [
      [0, NO_LINK],
      [1, chain[0]?.hash],
      [2, chain[1]?.hash],
    ],
  );
  assert.deepEqual(verifyChain(chain as unknown as Json[], ID), []);
});

test("the same thing told twice stands there once, though it was told in other words", async () => {
  const { store, trail } = opened();

  await trail.append(ID, "started", { key: "k", people: ["ana"] });
  await trail.append(ID, "started", { key: "k", people: ["ana", "bo"] });
  await trail.append(ID, "stopped", { key: "k" });

  assert.deepEqual(
    (await store.chain(ID)).map((row) => (row as unknown as AuditEntry).kind),
    ["started", "stopped"],
  );
});

test("writers that meet at one link all get their entries in, once each, and the chain verifies", async () => {
  const { store, trail } = opened();
  const keys = ["1", "2", "3", "4", "5"];

  await Promise.all([...keys, ...keys].map((key) => trail.append(ID, "answered", { key })));

  const chain = await store.chain(ID);
  const told = chain.map((row) => (row as unknown as Readonly<{ body: { key: string } }>).body.key);
  assert.deepEqual(told.toSorted(), keys);
  assert.deepEqual(verifyChain(chain, ID), []);
});

test("a link whose reply was lost is found, and not written again", async () => {
  const inner = simulatedAuditStore();
  let isLost = false;
  const { trail } = opened({
    ...inner,
    put: async (entry) => {
      await inner.put(entry);
      if (isLost) return false;
      isLost = true;
      throw new Error("the reply was lost");
    },
  });
  await assert.rejects(trail.append(ID, "paged", { key: "page" }));

  await trail.append(ID, "paged", { key: "page" });

  assert.equal((await inner.chain(ID)).length, 1);
});

test("nothing is added to a chain that was changed", async () => {
  const { store, trail } = opened();
  await trail.append(ID, "answered", { key: "1", answer: "reject" });
  const forged = tampered(store, {
    chain: (rows) => rows.map((row) => ({ ...(row as object), body: { key: "1", answer: "approve" } })),
  });

  const appended = auditTrail(forged, { nowMs: () => START_MS }).append(ID, "answered", { key: "2" });

  await assert.rejects(appended, AuditDamaged);
});

test("no character of a text begins an entry: what is written has no line break and no escape of a terminal", async () => {
  const inner = simulatedAuditStore();
  const texts: string[] = [];
  const store = {
    ...inner,
    put: async (entry: AuditEntry) => {
      texts.push(JSON.stringify(entry));
      return inner.put(entry);
    },
  };
  const reason = '\n{"event":"approved"}\r\n\u001b[2J\u0000';

  await opened(store).trail.append(ID, "answered", { key: "1", reason });

  assert.equal(texts.length, 1);
  assert.ok([...(texts[0] ?? "")].every((character) => character >= " "));
  assert.deepEqual(verifyChain(await inner.chain(ID), ID), []);
});

test("a trail that nobody touched verifies, and the same day gives the same manifest", async () => {
  const store = await grown();
  const again = await manifestOf(store, "2026-01-05");

  const verified = await verifyTrail(store, TODAY);

  assert.deepEqual(verified, { manifests: 2, chains: 3, links: 12, faults: [] });
  assert.deepEqual(
    again.heads.map(({ incidentId, seq }) => [incidentId, seq]),
    [
      ["a", 1],
      ["b", 1],
      ["c", 1],
    ],
  );
});

test("whichever byte of a chain or a manifest is flipped, it is found, where it changes what is read", async () => {
  const store = await grown();
  const [chain, manifests] = [await store.chain("a"), await store.manifests()];
  const documents = [...chain, ...manifests].map((row) => JSON.stringify(row));

  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.nat(), fc.integer({ min: 0, max: 7 }), async (which, where, bit) => {
      const index = which % documents.length;
      const bytes = Buffer.from(documents[index] ?? "");
      bytes[where % bytes.length] = (bytes[where % bytes.length] ?? 0) ^ (1 << bit);
      const read = readAs(bytes.toString("utf8"));
      fc.pre(JSON.stringify(read) !== documents[index]);
      const flip = (rows: readonly Json[], from: number) => rows.map((row, i) => (i + from === index ? read : row));
      const forged = tampered(store, {
        chain: (rows, id) => (id === "a" ? flip(rows, 0) : rows),
        manifests: (rows) => flip(rows, chain.length),
      });

      const { faults } = await verifyTrail(forged, TODAY);

      assert.notDeepEqual(faults, []);
    }),
    { numRuns: 3000 },
  );
});

const readAs = (text: string): Json => {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
};

describe("what was done to a trail is found and named", () => {
  const swapped = (rows: readonly Json[]): readonly Json[] => [...rows.slice(2), ...rows.slice(0, 2)];
  const onA = (change: (rows: readonly Json[]) => readonly Json[]) => ({
    chain: (rows: readonly Json[], id: string) => (id === "a" ? change(rows) : rows),
  });
  type Case = readonly [string, Parameters<typeof tampered>[1], RegExp];
  const cases: readonly Case[] = [
    ["a link cut out of the middle", onA((rows) => rows.toSpliced(2, 1)), /^a: link 2 bears the number 3/],
    ["a link put in", onA((rows) => rows.toSpliced(2, 0, rows[1] ?? null)), /^a: link 2 bears the number 1/],
    ["links that changed places", onA(swapped), /^a: link 0 bears the number 2/],
    [
      "newest links cut off that a manifest names",
      onA((rows) => rows.slice(0, 3)),
      /^a: link 3, .*2026-01-06.* not there/,
    ],
    ["a chain that is gone", onA(() => []), /^a: link 1, .*2026-01-05.* not there/],
    ["a chain of another incident", { chain: (rows, id) => (id === "a" ? rows : rows.slice(0, 0)) }, /^b: link 1/],
    ["a manifest that is gone", { manifests: (rows) => rows.slice(1) }, /2026-01-06 does not follow/],
    ["manifests that changed places", { manifests: (rows) => rows.toReversed() }, /2026-01-06 does not follow/],
    ["a link that is none", onA((rows) => rows.with(0, "x")), /^a: link 0 is no entry/],
  ];
  for (const [name, change, expected] of cases) {
    test(name, async () => {
      const store = tampered(await grown(), change);

      const { faults } = await verifyTrail(store, TODAY);

      assert.ok(
        faults.some((fault) => expected.test(fault)),
        faults.join("\n"),
      );
    });
  }
});

test("a chain that was written anew, every hash made to fit, is found by the manifest of its day", async () => {
  const store = await grown();
  const { store: forgery, time, trail } = opened();
  for (const day of [0, 1, 2]) {
    time.nowMs = START_MS + day * DAY_MS;
    for (const key of ["x", "y"]) await trail.append("a", "decided", { key: `${key}${day}`, said: "other" });
  }
  const forged = await forgery.chain("a");

  const { faults } = await verifyTrail(tampered(store, { chain: (rows, id) => (id === "a" ? forged : rows) }), TODAY);

  assert.deepEqual(verifyChain(forged, "a"), []);
  assert.equal(faults.length, 2);
  assert.match(faults[0] ?? "", /^a: link 1, which the manifest of 2026-01-05 names, is not there/);
});

test("a day on which chains grew, and of which there is no manifest, is found once a later day has one", async () => {
  const { store, time, trail } = opened();
  for (const day of [0, 1, 2]) {
    time.nowMs = START_MS + day * DAY_MS;
    await trail.append(ID, "decided", { key: `${day}` });
    if (day !== 1) await manifestOf(store, new Date(time.nowMs).toISOString().slice(0, 10));
  }

  const { faults } = await verifyTrail(store, TODAY);

  assert.deepEqual(faults, ["2026-01-06: chains grew that day, and there is no manifest of it"]);
});
