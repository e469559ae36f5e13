import type { DatabaseSync } from "node:sqlite";
import type { Records } from "../../core/ports.ts";
import type { IncidentRecord } from "../../core/record.ts";

/** Records in a file; `all` is in the order in which incidents were first put. */
export const sqliteRecords = (database: DatabaseSync): Records & Readonly<{ all: () => readonly IncidentRecord[] }> => {
  const upsert = database.prepare(
    "INSERT INTO records (incident_id, record) VALUES (?, ?) ON CONFLICT DO UPDATE SET record = excluded.record",
  );
  const select = database.prepare("SELECT record FROM records ORDER BY rowid");
  return {
    put: async (record) => {
      upsert.run(record.incident.id, JSON.stringify(record));
    },
    all: () => select.all().map((row) => parseRecord(String(row.record))),
  };
};

const parseRecord = (text: string): IncidentRecord => JSON.parse(text) as IncidentRecord;
