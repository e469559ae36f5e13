import { readdirSync } from "node:fs";
import { join } from "node:path";
import { BadEpisodes, readEpisodes } from "../adapters/parquet/read-episodes.ts";
import type { EpisodeRow } from "../core/episode.ts";
import type { PastRun } from "../core/track-record.ts";
import { REMEMBERED_DAYS, runsOfFirstDays } from "../rollout/evaluation-record.ts";
import { BadInput } from "./errors.ts";

/**
 * What ran on the first days of the log in this folder. Throws BadInput where it cannot be read, or is shorter.
 * @param folder of Parquet parts, in the order of time; null for no past
 */
export const pastIn = async (folder: string | null): Promise<readonly PastRun[]> => {
  if (folder === null) return [];
  const rows: EpisodeRow[] = [];
  const days = new Set<string>();
  for (const part of partsIn(folder)) {
    if (days.size > REMEMBERED_DAYS) break;
    for (const row of await rowsIn(join(folder, part))) {
      rows.push(row);
      days.add(row.cluster_id);
    }
  }
  if (days.size < REMEMBERED_DAYS)
    throw new BadInput(
      `trackRecord ${folder}: it has ${days.size} days; give a log of at least ${REMEMBERED_DAYS}, or null for no past`,
    );
  return runsOfFirstDays(rows);
};

const partsIn = (folder: string): readonly string[] => {
  try {
    return readdirSync(folder)
      .filter((name) => /^part-\d+\.parquet$/.test(name))
      .sort();
  } catch (cause) {
    throw new BadInput(`trackRecord ${folder}: no such folder; give one that quell simulate wrote, or null`, { cause });
  }
};

const rowsIn = async (path: string): Promise<readonly EpisodeRow[]> => {
  try {
    return await readEpisodes(path);
  } catch (cause) {
    throw cause instanceof BadEpisodes ? new BadInput(`trackRecord ${cause.message}`, { cause }) : cause;
  }
};
