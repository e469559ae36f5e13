import type { DatabaseSync } from "node:sqlite";
import type { EngineStore } from "../adapters/durable/store.ts";
import { inTransaction } from "../adapters/sqlite/database.ts";
import { sqliteEngineStore } from "../adapters/sqlite/engine-store.ts";
import { sqliteLedger } from "../adapters/sqlite/ledger.ts";
import type { Ledger } from "../core/ports.ts";

/**
 * The worlds of a gameday are different days of different systems. They keep their ledgers and their executions in the
 * same tables, each under a prefix of its own, so that no incident, lease, budget or storm of one is ever seen in another.
 */
export type Parts = Readonly<{
  ledgerOf: (index: number) => Ledger;
  engineStoreOf: (index: number) => EngineStore;
  /** Deletes a world's part: a world that has ended reads it no more, and a gameday of ten thousand stays small. */
  drop: (index: number) => void;
}>;

/** The parts of all worlds in this database, whose schema is there already. */
export const partsIn = (database: DatabaseSync): Parts => {
  const ledger = sqliteLedger(database);
  const drops = [
    database.prepare("DELETE FROM ledger WHERE key >= ? AND key < ?"),
    database.prepare("DELETE FROM executions WHERE name >= ? AND name < ?"),
    database.prepare("DELETE FROM operations WHERE execution >= ? AND execution < ?"),
  ];
  return {
    ledgerOf: (index) => ledgerUnder(prefixOf(index), ledger),
    engineStoreOf: (index) => engineStoreUnder(prefixOf(index), database),
    drop: (index) =>
      inTransaction(database, () => {
        for (const statement of drops) statement.run(prefixOf(index), afterAll(prefixOf(index)));
      }),
  };
};

const prefixOf = (index: number): string => `world#${index}/`;

/** The least text that is greater than all with this prefix: a 0 comes right after the slash. */
const afterAll = (prefix: string): string => `${prefix.slice(0, -1)}0`;

const ledgerUnder = (prefix: string, ledger: Ledger): Ledger => ({
  read: (key) => ledger.read(prefix + key),
  write: (key, item, expected) => ledger.write(prefix + key, item, expected),
  list: async (keys) =>
    (await ledger.list(prefix + keys)).map(({ key, item }) => ({ key: key.slice(prefix.length), item })),
});

const engineStoreUnder = (prefix: string, database: DatabaseSync): EngineStore => {
  const all = sqliteEngineStore(database);
  const next = database.prepare("SELECT min(due_at_ms) AS next FROM executions WHERE name >= ? AND name < ?");
  const own = (names: readonly string[]): readonly string[] =>
    names.flatMap((name) => (name.startsWith(prefix) ? [name.slice(prefix.length)] : []));
  const names = (): readonly string[] => own(all.names());
  return {
    transact: (work) => all.transact(work),
    execution: (name) => {
      const execution = all.execution(prefix + name);
      return execution === null ? null : { ...execution, name };
    },
    operation: (name, id) => all.operation(prefix + name, id),
    operations: (name) => all.operations(prefix + name),
    save: (execution, operations) => all.save({ ...execution, name: prefix + execution.name }, operations),
    size: () => names().length,
    names,
    due: (nowMs) => own(all.due(nowMs)),
    nextDueAtMs: () => {
      const atMs = next.get(prefix, afterAll(prefix))?.next;
      return typeof atMs === "number" ? atMs : null;
    },
  };
};
