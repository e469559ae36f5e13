import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { writeWhole } from "../adapters/files/write-whole.ts";
import type { EpisodeRow } from "../core/episode.ts";
import type { WorldResult } from "./gameday-report.ts";

/** The rows of one world's incidents, as lines of JSON, in the order of their first appending. */
export type EpisodesOf = (incidentIds: readonly string[]) => readonly string[];

const numbered = z.array(z.object({ number: z.number(), row: z.string() }));

/** Reads the episodes of this database. Worlds that play side by side append in any order; one world's rows keep theirs. */
export const episodesIn = (database: DatabaseSync): EpisodesOf => {
  // A decision's id is its incident's, a slash and its step; a 0 comes right after the slash.
  const select = database.prepare(
    "SELECT rowid AS number, row FROM episodes WHERE decision_id > ?1 || '/' AND decision_id < ?1 || '0'",
  );
  return (incidentIds) =>
    incidentIds
      .flatMap((id) => numbered.parse(select.all(id)))
      .toSorted((one, other) => one.number - other.number)
      .map(({ row }) => row);
};

/** The rows as they were appended. */
export const parseRows = (lines: readonly string[]): readonly EpisodeRow[] =>
  lines.map((line) => JSON.parse(line) as EpisodeRow);

/** Writes the rows of all worlds, one world after the other, as lines of JSON; an existing file is replaced whole. */
export const writeEpisodes = (path: string, worlds: readonly WorldResult[], episodesOf: EpisodesOf): void =>
  writeWhole(path, linesOf(worlds, episodesOf));

const linesOf = function* (worlds: readonly WorldResult[], episodesOf: EpisodesOf): Generator<string> {
  for (const { incidents } of worlds) yield* episodesOf(incidents.map(({ id }) => id));
};
