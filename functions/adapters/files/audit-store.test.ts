import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { AuditEntry } from "../../core/audit-store.ts";
import { auditStoreContract } from "../contracts/audit-store.contract.ts";
import { fileAuditStore, holdsAudit } from "./audit-store.ts";

const folder = mkdtempSync(join(tmpdir(), "quell-audit-"));
after(() => rmSync(folder, { recursive: true }));
const fresh = (): string => mkdtempSync(join(folder, "case-"));

auditStoreContract("audit chains in a folder", async () => fileAuditStore(fresh()));

const entry: AuditEntry = {
  ...{ schema: 1, incidentId: "quell-a", seq: 0, at: "2026-01-05T10:00:00.000Z", kind: "decided" },
  ...{ body: null, previous: "0".repeat(64), hash: "1".repeat(64) },
};

test("a link that is no JSON comes back as its text, for whoever verifies the chain", async () => {
  const root = fresh();
  const store = fileAuditStore(root);
  await store.put(entry);
  writeFileSync(join(root, "audit", "chains", "quell-a", "000001.json"), "half a li");

  const chain = await store.chain("quell-a");

  assert.deepEqual(chain, [entry, "half a li"]);
});

test("no id leads out of the folder", async () => {
  const store = fileAuditStore(fresh());

  for (const incidentId of ["../quell-a", "a/b", "", "."]) {
    await assert.rejects(store.put({ ...entry, incidentId }), /cannot be the name of a file here/);
    await assert.rejects(store.chain(incidentId), /cannot be the name of a file here/);
  }
});

test("a folder holds chains once one was written, and not before", async () => {
  const root = fresh();
  const before = holdsAudit(root);

  await fileAuditStore(root).put(entry);

  assert.deepEqual([before, holdsAudit(root)], [false, true]);
});
