import { DatabaseSync } from "node:sqlite";
import { sqliteEpisodes } from "../adapters/sqlite/episodes.ts";
import type { EpisodeRow } from "../core/episode.ts";
import { BadInput } from "./errors.ts";

/** How often a runbook ran and what came of it. `harm` is any that is not ruled out: confirmed, suspected or unknown. */
export type Helped = Readonly<{ runs: number; recovered: number; undone: number; harm: number }>;

/** What a store's episodes say of the runbooks, by id; `foreign` of the decisions were made from another catalogue. */
export type Counts = Readonly<{ helped: ReadonlyMap<string, Helped>; decisions: number; foreign: number }>;

/** A runbook that the episodes never saw run. */
export const NEVER: Helped = { runs: 0, recovered: 0, undone: 0, harm: 0 };

/** Reads a gameday's store without changing it. Throws BadInput where the file is absent or no such store. */
export const storedEpisodes = (file: string): readonly EpisodeRow[] => {
  let database: DatabaseSync | null = null;
  try {
    database = new DatabaseSync(file, { readOnly: true });
    return sqliteEpisodes(database).rows();
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new BadInput(
      `--store ${file}: its episodes cannot be read (${detail}); name a file that \`quell gameday --store FILE\` ` +
        "has written, when that gameday no longer runs",
      { cause },
    );
  } finally {
    database?.close();
  }
};

/** Counts by what was executed. A decision whose row was written again, riper, counts once, as its newest row says. */
export const countsOf = (rows: readonly EpisodeRow[], catalogueHash: string): Counts => {
  const newest = new Map<string, EpisodeRow>();
  for (const row of rows)
    if (row.row_version >= (newest.get(row.decision_id)?.row_version ?? 0)) newest.set(row.decision_id, row);
  const helped = new Map<string, Helped>();
  for (const row of newest.values()) {
    if (row.executed_runbook === "") continue;
    const { runs, recovered, undone, harm } = helped.get(row.executed_runbook) ?? NEVER;
    helped.set(row.executed_runbook, {
      runs: runs + 1,
      recovered: recovered + (row.recovered_by === "action" ? 1 : 0),
      undone: undone + (row.undone ? 1 : 0),
      harm: harm + (row.harm === "none" ? 0 : 1),
    });
  }
  const foreign = [...newest.values()].filter((row) => row.catalogue_hash !== catalogueHash).length;
  return { helped, decisions: newest.size, foreign };
};
