import { existsSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** The store's file cannot be used; the message names it and says what to do. Nothing is repaired or deleted here. */
export class StoreUnreadable extends Error {
  override readonly name = "StoreUnreadable";
}

const SCHEMA_VERSION = 1;
const BUSY_TIMEOUT_MS = 5000;
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS ledger (key TEXT PRIMARY KEY, item TEXT NOT NULL, version INTEGER NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS episodes (
    decision_id TEXT NOT NULL, row_version INTEGER NOT NULL, row TEXT NOT NULL, PRIMARY KEY (decision_id, row_version)
  ) STRICT;
  CREATE TABLE IF NOT EXISTS records (incident_id TEXT PRIMARY KEY, record TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS executions (
    name TEXT PRIMARY KEY, sequence INTEGER NOT NULL, due_at_ms REAL, execution TEXT NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS executions_due ON executions (due_at_ms) WHERE due_at_ms IS NOT NULL;
  CREATE TABLE IF NOT EXISTS operations (
    execution TEXT NOT NULL, id TEXT NOT NULL, sequence INTEGER NOT NULL, operation TEXT NOT NULL,
    PRIMARY KEY (execution, id)
  ) STRICT;
`;

/**
 * Opens the one file that holds everything Quell keeps on a laptop; creates it, and the folder it is in, when absent.
 * Throws StoreUnreadable on a damaged file, on a file of another kind or of a newer Quell, and where it may not write.
 * @param path a file, or ":memory:" for a store that ends with the process
 */
export const openDatabase = (path: string): DatabaseSync => {
  let database: DatabaseSync | null = null;
  try {
    // One folder at the most: a whole chain of missing folders is more likely a mistyped path.
    if (path !== ":memory:" && !existsSync(dirname(path))) mkdirSync(dirname(path));
    database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
    prepare(database, path);
    return database;
  } catch (cause) {
    database?.close();
    throw cause instanceof StoreUnreadable ? cause : new StoreUnreadable(advice(path, cause), { cause });
  }
};

const prepare = (database: DatabaseSync, path: string): void => {
  database.exec("PRAGMA journal_mode = WAL");
  const version = Number(database.prepare("PRAGMA user_version").get()?.user_version);
  if (version > SCHEMA_VERSION) {
    throw new StoreUnreadable(
      `${path} was written by a newer Quell (schema ${version}): update Quell or name another file`,
    );
  }
  const health = database.prepare("PRAGMA quick_check(1)").get()?.quick_check;
  if (health !== "ok") {
    throw new StoreUnreadable(
      `${path} is damaged (${String(health).replaceAll("\n", " ")}): move it and its -wal file away, or restore a copy`,
    );
  }
  // One write at every opening finds out now, and not in an incident, that the file may not be written.
  database.exec(`BEGIN IMMEDIATE; ${SCHEMA} PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT`);
};

const NOT_A_DATABASE = 26; // https://www.sqlite.org/rescode.html, as are the next three
const CORRUPT = 11;
const READ_ONLY = 8;
const BUSY = 5;

const advice = (path: string, cause: unknown): string => {
  const code = cause instanceof Error && "errcode" in cause ? Number(cause.errcode) & 0xff : null;
  const because = cause instanceof Error ? cause.message : String(cause);
  switch (code) {
    case NOT_A_DATABASE:
      return `${path} is not a Quell store (${because}): name another file, or move this one away`;
    case CORRUPT:
      return `${path} is damaged (${because}): move it and its -wal file away, or restore a copy`;
    case READ_ONLY:
      return `${path} may not be written (${because}): give this user write permission on the file and its folder`;
    case BUSY:
      return `${path} is locked by another process (${because}): stop it, or name another file`;
    default:
      return `${path} cannot be opened (${because}): check that its folder exists, is a folder and may be written`;
  }
};

/** Runs the work in one write transaction that other processes wait for; a throw undoes it and passes on. */
export const inTransaction = <T>(database: DatabaseSync, work: () => T): T => {
  if (database.isTransaction) return work();
  database.exec("BEGIN IMMEDIATE");
  try {
    const value = work();
    database.exec("COMMIT");
    return value;
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
};
