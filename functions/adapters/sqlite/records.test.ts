import assert from "node:assert/strict";
import { test } from "node:test";
import type { IncidentRecord } from "../../core/record.ts";
import { openDatabase } from "./database.ts";
import { sqliteRecords } from "./records.ts";

const record = (id: string, terminal: IncidentRecord["terminal"]): IncidentRecord => ({
  schema: 1,
  incident: {
    id,
    key: "123456789012/us-east-1/shop-5xx",
    alarmName: "shop-5xx",
    account: "123456789012",
    region: "us-east-1",
    service: "shop",
    environment: "prod",
    severity: 0.5,
    openedAt: "2026-03-01T00:00:00.000Z",
    closedAt: "2026-03-01T00:10:00.000Z",
  },
  terminal,
  because: { code: "recovered", detail: "the alarm is quiet" },
  hashes: { model: "m", guardrails: "g", catalogue: "c", features: "f", prompt: "p", code: "x" },
  effects: [],
  decisions: [],
});

test("putting an incident again replaces its record in its place", async () => {
  const records = sqliteRecords(openDatabase(":memory:"));

  await records.put(record("quell-a", "ESCALATED"));
  await records.put(record("quell-b", "RESOLVED"));
  await records.put(record("quell-a", "RESOLVED"));

  assert.deepEqual(records.all(), [record("quell-a", "RESOLVED"), record("quell-b", "RESOLVED")]);
});
