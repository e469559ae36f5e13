import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readEpisodes } from "../adapters/parquet/read-episodes.ts";
import type { EpisodeRow } from "../core/episode.ts";
import { hashOf } from "../core/ids.ts";
import { historyLeaks, type Leaks } from "../rollout/history-leaks.ts";
import { type RawScene, rawSceneOf } from "../rollout/model-properties.ts";
import { BadInput } from "./errors.ts";
import { openSource, type SourceLog } from "./score-log.ts";

/** The log that a gate judges by. */
export type GateLog = Readonly<{ source: SourceLog; hash: string }>;

/** Opens the log and asks for what the gate cannot do without: a first row that an agent wrote. Throws BadInput. */
export const openLog = async (folder: string): Promise<GateLog> => {
  const source = await openSource(folder);
  for await (const [row] of partsOf(source)) {
    if (row === undefined) continue;
    if (row.source === "agent" && row.probability !== null) break;
    throw new BadInput(
      `--episodes ${folder}: its decisions have no probabilities: no policy of ours drew them; ` +
        "write a log with quell simulate --behaviour agent",
    );
  }
  return { source, hash: hashOf(source.files.map(({ name, hash }) => [name, hash])) };
};

/** The newest row of each decision, file by file. */
export const partsOf = async function* ({ folder, files }: SourceLog): AsyncGenerator<readonly EpisodeRow[]> {
  for (const { name, kept } of files)
    yield (await readEpisodes(join(folder, name))).filter((_, place) => kept.has(place));
};

/** Whether the rows' history features are what earlier rows say. @param ended hears of each row */
export const leaksIn = async ({ source }: GateLog, ended: () => void): Promise<Leaks> => {
  const leaks = historyLeaks();
  for await (const rows of partsOf(source)) {
    leaks.take(rows);
    for (const _ of rows) ended();
  }
  return leaks.found();
};

/** When the first decision of each cluster of a log was made, ms since the epoch. Throws BadInput where it is no log. */
export const firstDecisions = async (folder: string): Promise<ReadonlyMap<string, number>> => {
  const first = new Map<string, number>();
  for await (const rows of partsOf(await openSource(folder)))
    for (const { cluster_id, decided_at } of rows)
      first.set(cluster_id, Math.min(decided_at, first.get(cluster_id) ?? Number.POSITIVE_INFINITY));
  return first;
};

/** So many scenes of the log, evenly spread over it; all of them where there are fewer. */
export const scenesIn = async function* ({ source }: GateLog, most: number): AsyncGenerator<RawScene> {
  const stride = Math.max(1, Math.floor(source.rows / most));
  let place = 0;
  let given = 0;
  for await (const rows of partsOf(source))
    for (const row of rows) {
      if (place % stride === 0 && given < most) {
        given += 1;
        yield rawSceneOf(row);
      }
      place += 1;
    }
};

/** The hash of a file that need not be there. */
export const hashOfFile = (path: string): string | null => {
  try {
    return hashOf(readFileSync(path, "utf8"));
  } catch {
    return null;
  }
};
