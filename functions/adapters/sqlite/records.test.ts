import assert from "node:assert/strict";
import { test } from "node:test";
import { recordsContract } from "../contracts/records.contract.ts";
import { recordOf } from "../contracts/rows.fixture.ts";
import { openDatabase } from "./database.ts";
import { sqliteRecords } from "./records.ts";

recordsContract("the SQLite records", async () => {
  const records = sqliteRecords(openDatabase(":memory:"));
  return { records, all: async () => records.all() };
});

test("putting an incident again replaces its record in its place", async () => {
  const records = sqliteRecords(openDatabase(":memory:"));

  await records.put(recordOf("quell-a", "ESCALATED"));
  await records.put(recordOf("quell-b", "RESOLVED"));
  await records.put(recordOf("quell-a", "RESOLVED"));

  assert.deepEqual(records.all(), [recordOf("quell-a", "RESOLVED"), recordOf("quell-b", "RESOLVED")]);
});
