import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { inTransaction, openDatabase, StoreUnreadable } from "./database.ts";
import { sqliteLedger } from "./ledger.ts";

const folder = (): string => mkdtempSync(join(tmpdir(), "quell-store-"));
const refusal = (path: string): string => {
  const thrown: unknown[] = [];
  assert.throws(
    () => openDatabase(path),
    (error) => thrown.push(error) > 0 && error instanceof StoreUnreadable,
  );
  return String(thrown[0]);
};

test("what was written is there when the file is opened again", async () => {
  const path = join(folder(), "a", "quell.db");
  const first = openDatabase(path);
  await sqliteLedger(first).write("k", { a: [1] }, null);
  first.close();

  const again = sqliteLedger(openDatabase(path));

  assert.deepEqual(await again.read("k"), { item: { a: [1] }, version: 1 });
});

test("a path into folders that do not exist is refused, and none of them is made", () => {
  const root = folder();

  assert.match(refusal(join(root, "a", "b", "quell.db")), /cannot be opened/);

  assert.equal(existsSync(join(root, "a")), false);
});

test("a file is in WAL mode and waits for another writer", () => {
  const database = openDatabase(join(folder(), "quell.db"));

  const modes = [database.prepare("PRAGMA journal_mode").get(), database.prepare("PRAGMA busy_timeout").get()];

  assert.deepEqual(
    modes.map((mode) => ({ ...mode })),
    [{ journal_mode: "wal" }, { timeout: 5000 }],
  );
});

test("a file that is no database is refused and left as it is", () => {
  const path = join(folder(), "notes.txt");
  writeFileSync(path, "remember the milk\n".repeat(100));

  const message = refusal(path);

  assert.match(message, /is not a Quell store .* name another file/);
  assert.equal(readFileSync(path, "utf8"), "remember the milk\n".repeat(100));
});

test("a damaged store is refused with what to do about it", () => {
  const path = join(folder(), "quell.db");
  const database = openDatabase(path);
  const insert = database.prepare("INSERT INTO ledger VALUES (?, ?, 1)");
  for (let index = 0; index < 2000; index += 1) insert.run(`key ${index}`, "x".repeat(100));
  database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  database.close();
  const bytes = readFileSync(path);
  writeFileSync(path, bytes.fill(0xff, 4096, bytes.length - 4096));

  const message = refusal(path);

  assert.match(message, /is damaged .* restore a copy/);
});

test("a folder that is a file, and a path that is a folder, are refused", () => {
  const root = folder();
  writeFileSync(join(root, "file"), "");
  mkdirSync(join(root, "folder"));

  const messages = [refusal(join(root, "file", "quell.db")), refusal(join(root, "folder"))];

  for (const message of messages) assert.match(message, /cannot be opened .* check that its folder exists/);
});

test("a store of a newer schema is refused and not downgraded", () => {
  const path = join(folder(), "quell.db");
  const database = openDatabase(path);
  database.exec("PRAGMA user_version = 2");
  database.close();

  const message = refusal(path);

  assert.match(message, /newer Quell \(schema 2\)/);
  assert.equal(new DatabaseSync(path).prepare("PRAGMA user_version").get()?.user_version, 2);
});

test("a file that this process may only read is refused at opening, not at the first write", () => {
  const path = join(folder(), "quell.db");
  openDatabase(path).close();
  const readOnly = new DatabaseSync(path, { readOnly: true });

  const write = () => inTransaction(readOnly, () => readOnly.exec("DELETE FROM ledger"));

  assert.throws(write, /readonly/);
  assert.equal(readOnly.isTransaction, false);
});

test("a transaction that throws leaves nothing behind, and an inner one is part of the outer", () => {
  const database = openDatabase(":memory:");
  const insert = database.prepare("INSERT INTO records VALUES (?, '{}')");

  assert.throws(() =>
    inTransaction(database, () => {
      inTransaction(database, () => insert.run("inner"));
      throw new Error("undo");
    }),
  );
  inTransaction(database, () => insert.run("kept"));

  const rows = database.prepare("SELECT incident_id FROM records").all();
  assert.deepEqual(
    rows.map((row) => row.incident_id),
    ["kept"],
  );
});
