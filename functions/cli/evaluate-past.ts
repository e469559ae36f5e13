import { existsSync } from "node:fs";
import { join } from "node:path";
import { BadEpisodes, readEpisodes } from "../adapters/parquet/read-episodes.ts";
import type { EpisodeRow } from "../core/episode.ts";
import type { PastRun } from "../core/track-record.ts";
import { REMEMBERED_DAYS, runsOfFirstDays } from "../rollout/evaluation-record.ts";
import { readSimulation, type Simulation } from "../rollout/simulation.ts";
import { BadInput } from "./errors.ts";

/**
 * What ran on the first days of the log in this folder. Throws BadInput where it cannot be read, or is shorter.
 * @param folder that `quell simulate` wrote, its parts in the order of time; null for no past
 */
export const pastIn = async (folder: string | null): Promise<readonly PastRun[]> => {
  if (folder === null) return [];
  const rows: EpisodeRow[] = [];
  // Days are counted by the list: on a quiet one nothing was decided, and it has no row.
  let days = 0;
  for (const part of partsIn(folder)) {
    // The first day after those that are remembered may have begun before the last of them ended.
    if (days > REMEMBERED_DAYS) break;
    rows.push(...(await rowsIn(join(folder, part.file))));
    days += part.incidents;
  }
  if (days < REMEMBERED_DAYS)
    throw new BadInput(
      `trackRecord ${folder}: it has ${days} days; give a log of at least ${REMEMBERED_DAYS}, or null for no past`,
    );
  return runsOfFirstDays(rows);
};

const partsIn = (folder: string): Simulation["parts"] => {
  const simulation = simulationIn(folder);
  if (simulation !== null) return simulation.parts;
  const what = existsSync(folder) ? "it holds no simulation.json" : "no such folder";
  throw new BadInput(`trackRecord ${folder}: ${what}; give one that quell simulate wrote, or null for no past`);
};

const simulationIn = (folder: string): Simulation | null => {
  try {
    return readSimulation(folder);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new BadInput(`trackRecord ${folder}: its list cannot be read (${why}); give another folder`, { cause });
  }
};

const rowsIn = async (path: string): Promise<readonly EpisodeRow[]> => {
  try {
    return await readEpisodes(path);
  } catch (cause) {
    throw cause instanceof BadEpisodes ? new BadInput(`trackRecord ${cause.message}`, { cause }) : cause;
  }
};
