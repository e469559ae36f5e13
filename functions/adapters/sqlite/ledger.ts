import type { DatabaseSync } from "node:sqlite";
import type { Json } from "../../core/json.ts";
import type { Ledger } from "../../core/ports.ts";

/** The ledger in a file: every write is one conditional statement, so processes cannot lose each other's updates. */
export const sqliteLedger = (database: DatabaseSync): Ledger => {
  const select = database.prepare("SELECT item, version FROM ledger WHERE key = ?");
  const insert = database.prepare("INSERT INTO ledger (key, item, version) VALUES (?, ?, 1) ON CONFLICT DO NOTHING");
  const update = database.prepare("UPDATE ledger SET item = ?, version = version + 1 WHERE key = ? AND version = ?");
  const range = database.prepare(
    "SELECT key, item FROM ledger WHERE key >= :prefix AND substr(key, 1, length(:prefix)) = :prefix ORDER BY key",
  );
  return {
    read: async (key) => {
      const row = select.get(key);
      return row === undefined ? null : { item: parseItem(row.item), version: Number(row.version) };
    },
    write: async (key, item, expected) => {
      const text = JSON.stringify(item);
      const { changes } = expected === null ? insert.run(key, text) : update.run(text, key, expected);
      return Number(changes) === 1;
    },
    list: async (prefix) => range.all({ prefix }).map((row) => ({ key: String(row.key), item: parseItem(row.item) })),
  };
};

const parseItem = (text: unknown): Json => JSON.parse(String(text));
