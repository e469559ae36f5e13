import assert from "node:assert/strict";
import { test } from "node:test";
import type { AuditEntry, AuditManifest, AuditStore } from "../../core/audit-store.ts";

const entry = (incidentId: string, seq: number, changes: Partial<AuditEntry> = {}): AuditEntry => ({
  ...{ schema: 1, incidentId, seq, at: "2026-01-05T10:00:00.000Z", kind: "decided" },
  ...{ body: { step: seq, said: 'a "quoted" word\n' }, previous: "0".repeat(64), hash: String(seq).repeat(64) },
  ...changes,
});

const manifest = (day: string, changes: Partial<AuditManifest> = {}): AuditManifest => ({
  ...{ schema: 1, day, heads: [{ incidentId: "quell-a", seq: 3, hash: "a".repeat(64) }], previous: null },
  ...{ hash: "b".repeat(64), ...changes },
});

/** What every audit store promises. @param make a fresh one that holds nothing */
export const auditStoreContract = (name: string, make: () => Promise<AuditStore>): void => {
  test(`${name}: what was never written is an empty chain, an empty day and no manifest`, async () => {
    const store = await make();

    const found = [await store.chain("quell-a"), await store.grewOn("2026-01-05"), await store.manifests()];

    assert.deepEqual(found, [[], [], []]);
  });

  test(`${name}: a chain comes back by its numbers, whatever the order in which it was written`, async () => {
    const store = await make();
    const links = Array.from({ length: 12 }, (_, seq) => entry("quell-a", seq));

    for (const link of links.toReversed()) await store.put(link);

    assert.deepEqual(await store.chain("quell-a"), links);
  });

  test(`${name}: a link that is there is never written again, by whomever`, async () => {
    const store = await make();
    const first = entry("quell-a", 0);

    const wrote = [
      await store.put(first),
      await store.put(first),
      await store.put(entry("quell-a", 0, { kind: "closed", body: null })),
    ];

    assert.deepEqual(wrote, [true, false, false]);
    assert.deepEqual(await store.chain("quell-a"), [first]);
  });

  test(`${name}: of many who write one link at once, one does`, async () => {
    const store = await make();

    const wrote = await Promise.all(
      Array.from({ length: 20 }, (_, who) => store.put(entry("quell-a", 0, { body: { who } }))),
    );

    assert.equal(wrote.filter(Boolean).length, 1);
    assert.equal((await store.chain("quell-a")).length, 1);
  });

  test(`${name}: chains of incidents whose ids begin alike are apart`, async () => {
    const store = await make();

    await store.put(entry("quell-a", 0));
    await store.put(entry("quell-ab", 0));

    assert.deepEqual(await store.chain("quell-a"), [entry("quell-a", 0)]);
  });

  test(`${name}: an incident grew on the days of its links, once each`, async () => {
    const store = await make();
    await store.put(entry("quell-a", 0, { at: "2026-01-05T23:59:59.999Z" }));
    await store.put(entry("quell-a", 1, { at: "2026-01-06T00:00:00.000Z" }));
    await store.put(entry("quell-a", 2, { at: "2026-01-06T00:00:01.000Z" }));
    await store.put(entry("quell-b", 0, { at: "2026-01-06T09:00:00.000Z" }));

    const grew = [];
    for (const day of ["2026-01-04", "2026-01-05", "2026-01-06"]) grew.push((await store.grewOn(day)).toSorted());

    assert.deepEqual(grew, [[], ["quell-a"], ["quell-a", "quell-b"]]);
  });

  test(`${name}: a day has the first manifest that it was given, and manifests come oldest first`, async () => {
    const store = await make();

    const wrote = [
      await store.putManifest(manifest("2026-01-06")),
      await store.putManifest(manifest("2025-12-31")),
      await store.putManifest(manifest("2026-01-06", { heads: [] })),
    ];

    assert.deepEqual(wrote, [true, true, false]);
    assert.deepEqual(await store.manifests(), [manifest("2025-12-31"), manifest("2026-01-06")]);
  });
};
