import { renameSync, writeFileSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import type { EpisodeRow } from "../../core/episode.ts";
import type { Episodes } from "../../core/ports.ts";

export type SqliteEpisodes = Episodes &
  Readonly<{
    /** Every row in the order of its first appending. */
    rows: () => readonly EpisodeRow[];
    /** Writes every row as one line of JSON, the form that training reads; an existing file is replaced whole. */
    writeJsonLines: (path: string) => void;
  }>;

/** Episodes in a file. The first row of a (decision_id, row_version) stays; the same pair again changes nothing. */
export const sqliteEpisodes = (database: DatabaseSync): SqliteEpisodes => {
  const insert = database.prepare(
    "INSERT INTO episodes (decision_id, row_version, row) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
  );
  const select = database.prepare("SELECT row FROM episodes ORDER BY rowid");
  const texts = (): readonly string[] => select.all().map((row) => String(row.row));
  return {
    append: async (row) => {
      insert.run(row.decision_id, row.row_version, JSON.stringify(row));
    },
    rows: () => texts().map(parseRow),
    writeJsonLines: (path) => {
      // A crash in the middle leaves the old file and one with a name of its own, never half a file under the name.
      const half = `${path}.half`;
      writeFileSync(
        half,
        texts()
          .map((text) => `${text}\n`)
          .join(""),
      );
      renameSync(half, path);
    },
  };
};

const parseRow = (text: string): EpisodeRow => JSON.parse(text) as EpisodeRow;
