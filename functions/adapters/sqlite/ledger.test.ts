import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ledgerContract } from "../contracts/ledger.contract.ts";
import { openDatabase } from "./database.ts";
import { sqliteLedger } from "./ledger.ts";

ledgerContract("the SQLite ledger", () => sqliteLedger(openDatabase(":memory:")));

test("two connections to one file cannot both win the same version", async () => {
  const path = join(mkdtempSync(join(tmpdir(), "quell-ledger-")), "quell.db");
  const [one, two] = [sqliteLedger(openDatabase(path)), sqliteLedger(openDatabase(path))];

  const wins = await Promise.all([one.write("lease#web", "one", null), two.write("lease#web", "two", null)]);

  assert.deepEqual(wins, [true, false]);
  assert.equal((await two.read("lease#web"))?.item, "one");
});
