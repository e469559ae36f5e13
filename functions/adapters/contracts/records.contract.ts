import assert from "node:assert/strict";
import { test } from "node:test";
import type { Records } from "../../core/ports.ts";
import type { IncidentRecord } from "../../core/record.ts";
import { recordOf } from "./rows.fixture.ts";

/** Records to be judged, and a way to read every one that they hold. */
export type RecordsUnderTest = Readonly<{ records: Records; all: () => Promise<readonly IncidentRecord[]> }>;

/** What every store of records promises. @param make a fresh one that holds none */
export const recordsContract = (name: string, make: () => Promise<RecordsUnderTest>): void => {
  test(`${name}: an incident has one record, the one that was put last, and every incident its own`, async () => {
    const { records, all } = await make();

    await records.put(recordOf("quell-a", "ESCALATED"));
    await records.put(recordOf("quell-b", "RESOLVED"));
    await records.put(recordOf("quell-a", "RESOLVED"));

    const held = (await all()).toSorted((a, b) => (a.incident.id < b.incident.id ? -1 : 1));
    assert.deepEqual(held, [recordOf("quell-a", "RESOLVED"), recordOf("quell-b", "RESOLVED")]);
  });
};
