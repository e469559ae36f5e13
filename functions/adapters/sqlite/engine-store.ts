import type { DatabaseSync } from "node:sqlite";
import type { Operation } from "../durable/operation.ts";
import type { EngineStore, Execution } from "../durable/store.ts";
import { inTransaction } from "./database.ts";

/** An EngineStore in a file: every checkpoint is one committed transaction, so a killed process loses none of them. */
export const sqliteEngineStore = (database: DatabaseSync): EngineStore => {
  const execution = database.prepare("SELECT execution FROM executions WHERE name = ?");
  const operation = database.prepare("SELECT operation FROM operations WHERE execution = ? AND id = ?");
  const operations = database.prepare("SELECT operation FROM operations WHERE execution = ? ORDER BY sequence");
  const names = database.prepare("SELECT name FROM executions ORDER BY sequence");
  const size = database.prepare("SELECT count(*) AS size FROM executions");
  const due = database.prepare("SELECT name FROM executions WHERE due_at_ms <= ? ORDER BY sequence");
  const next = database.prepare("SELECT min(due_at_ms) AS next FROM executions WHERE due_at_ms IS NOT NULL");
  const putExecution = database.prepare(
    `INSERT INTO executions (name, sequence, due_at_ms, execution) VALUES (?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET due_at_ms = excluded.due_at_ms, execution = excluded.execution`,
  );
  const putOperation = database.prepare(
    `INSERT INTO operations (execution, id, sequence, operation) VALUES (?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET operation = excluded.operation`,
  );
  return {
    transact: (work) => inTransaction(database, work),
    execution: (name) => {
      const row = execution.get(name);
      return row === undefined ? null : parseExecution(String(row.execution));
    },
    operation: (name, id) => {
      const row = operation.get(name, id);
      return row === undefined ? null : parseOperation(String(row.operation));
    },
    operations: (name) => operations.all(name).map((row) => parseOperation(String(row.operation))),
    save: (saved, changed) =>
      inTransaction(database, () => {
        putExecution.run(saved.name, saved.sequence, saved.dueAtMs, JSON.stringify(saved));
        for (const each of changed) putOperation.run(saved.name, each.id, each.sequence, JSON.stringify(each));
      }),
    size: () => Number(size.get()?.size),
    names: () => names.all().map((row) => String(row.name)),
    due: (nowMs) => due.all(nowMs).map((row) => String(row.name)),
    nextDueAtMs: () => {
      const atMs = next.get()?.next;
      return atMs === null || atMs === undefined ? null : Number(atMs);
    },
  };
};

const parseExecution = (text: string): Execution => JSON.parse(text) as Execution;
const parseOperation = (text: string): Operation => JSON.parse(text) as Operation;
