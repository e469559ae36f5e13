import type { DatabaseSync } from "node:sqlite";
import type { EpisodeRow } from "../../core/episode.ts";
import type { Episodes } from "../../core/ports.ts";

export type SqliteEpisodes = Episodes &
  Readonly<{
    /** Every row in the order of its first appending. */
    rows: () => readonly EpisodeRow[];
  }>;

/** Episodes in a file. The first row of a (decision_id, row_version) stays; the same pair again changes nothing. */
export const sqliteEpisodes = (database: DatabaseSync): SqliteEpisodes => {
  const insert = database.prepare(
    "INSERT INTO episodes (decision_id, row_version, row) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
  );
  const select = database.prepare("SELECT row FROM episodes ORDER BY rowid");
  return {
    append: async (row) => {
      insert.run(row.decision_id, row.row_version, JSON.stringify(row));
    },
    rows: () => select.all().map((row) => parseRow(String(row.row))),
  };
};

const parseRow = (text: string): EpisodeRow => JSON.parse(text) as EpisodeRow;
