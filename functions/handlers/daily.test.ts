import assert from "node:assert/strict";
import { test } from "node:test";
import { simulatedAuditStore } from "../adapters/simulated/audit-store.ts";
import { auditTrail } from "../core/audit.ts";
import { verifyTrail } from "../core/audit-manifest.ts";
import { dailyWith } from "./daily.ts";

const YESTERDAY_MS = Date.UTC(2026, 0, 5, 12);
const TODAY_MS = Date.UTC(2026, 0, 6, 3, 17);

test("once a day the trail of the day before is closed by one manifest, however often it is asked for", async () => {
  const audit = simulatedAuditStore();
  await auditTrail(audit, { nowMs: () => YESTERDAY_MS }).append("quell-a", "decided", { key: "k" });
  const daily = dailyWith({ audit, clock: { nowMs: () => TODAY_MS } }, { drill: false });

  const first = await daily();
  const second = await daily();

  assert.deepEqual(first, { manifestOf: "2026-01-05", links: 1, drillIsDue: false });
  assert.deepEqual(second, first);
  assert.equal((await audit.manifests()).length, 1);
  assert.deepEqual((await verifyTrail(audit)).faults, []);
});
