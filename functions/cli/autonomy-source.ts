import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { BadEpisodes, readEpisodes } from "../adapters/parquet/read-episodes.ts";
import { sqliteEpisodes } from "../adapters/sqlite/episodes.ts";
import { sqliteRecords } from "../adapters/sqlite/records.ts";
import { type AutonomyEvent, autonomyEvents } from "../core/autonomy-evidence.ts";
import type { Actor } from "../core/autonomy-item.ts";
import type { EpisodeRow } from "../core/episode.ts";
import { finishedRows } from "../core/finished-row.ts";
import type { IncidentRecord } from "../core/record.ts";
import { evidenceIn, OtherLog, readSimulation } from "../rollout/simulation.ts";
import { BadInput } from "./errors.ts";

/** What some episodes say for and against letting runbooks act alone. */
export type AutonomySource = Readonly<{
  /** The folder or the file; null where none was named. */
  where: string | null;
  decisions: number;
  events: readonly AutonomyEvent[];
  /** The share of harm that was accepted when these episodes were made; null where nothing could be earned then. */
  acceptedHarm: number | null;
  /** Under whose choices; null where nobody has written it down, and where it was more than one model. */
  actor: Actor | null;
}>;

/** Nothing was ever decided. */
export const NO_EVIDENCE: AutonomySource = { where: null, decisions: 0, events: [], acceptedHarm: null, actor: null };

/** Reads a folder of Parquet episodes, or the file that a gameday was kept in. Throws BadInput that starts with the flag. */
export const autonomySource = async (flag: string, path: string): Promise<AutonomySource> => {
  const kind = statSync(path, { throwIfNoEntry: false });
  if (kind === undefined) throw new BadInput(`${flag} ${path}: it is not there; name ${WANTED}`);
  return kind.isDirectory() ? sourceInFolder(flag, path) : sourceInStore(flag, path);
};

const WANTED = "a folder that `quell simulate` wrote, or a file that `quell gameday --store FILE` wrote";

const sourceInFolder = async (flag: string, folder: string): Promise<AutonomySource> => {
  try {
    const simulation = readSimulation(folder);
    if (simulation !== null) {
      const { rows: decisions, asked } = simulation;
      const acceptedHarm = typeof asked.autonomy === "number" ? asked.autonomy : null;
      const events = await evidenceIn(folder, simulation);
      const actor = actorOf(events, typeof asked.policy === "string" ? asked.policy : null);
      return { where: folder, decisions, events, acceptedHarm, actor };
    }
    const files = readdirSync(folder).filter((name) => name.endsWith(".parquet"));
    if (files.length === 0) throw new BadInput(`${flag} ${folder}: no episodes lie in it; name ${WANTED}`);
    const rows: EpisodeRow[] = [];
    for (const file of files.toSorted()) rows.push(...(await readEpisodes(join(folder, file))));
    return sourceOf(folder, rows, null);
  } catch (error) {
    if (error instanceof OtherLog || error instanceof BadEpisodes)
      throw new BadInput(`${flag} ${error.message}`, { cause: error });
    throw error;
  }
};

const sourceOf = (where: string, rows: readonly EpisodeRow[], policy: string | null): AutonomySource => {
  const decisions = new Set(rows.map(({ decision_id }) => decision_id)).size;
  const events = autonomyEvents(rows);
  return { where, decisions, events, acceptedHarm: null, actor: actorOf(events, policy) };
};

/** The policy that was named, and the one model that spoke through it. */
const actorOf = (events: readonly AutonomyEvent[], policy: string | null): Actor | null => {
  const models = new Set(events.flatMap((event) => (event.kind === "trial" ? [event.modelHash] : [])));
  const [modelHash = ""] = models;
  return policy === null || models.size > 1 ? null : { policy, modelHash };
};

const sourceInStore = (flag: string, file: string): AutonomySource => {
  let database: DatabaseSync | null = null;
  try {
    database = new DatabaseSync(file, { readOnly: true });
    const rows = settledRows(sqliteEpisodes(database).rows(), sqliteRecords(database).all());
    return sourceOf(file, rows, playedWith(database));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new BadInput(`${flag} ${file}: its episodes cannot be read (${why}); name ${WANTED}`, { cause });
  } finally {
    database?.close();
  }
};

const parameters = z.object({ parameters: z.string().transform((text): unknown => JSON.parse(text)) });
const policyIn = z.object({ policy: z.string() });

/** The policy of the gameday that a store keeps. */
const playedWith = (database: DatabaseSync): string =>
  policyIn.parse(parameters.parse(database.prepare("SELECT parameters FROM gameday").get()).parameters).policy;

/** A day after an incident has closed nothing of it changes any more. */
const SETTLES_AFTER_MS = 24 * 3_600_000;

/**
 * A gameday's worlds end before their days are over, and nothing more comes of them: what was decided in them is settled a
 * day after its incident has closed. Rows that are settled already stay as they are.
 */
const settledRows = (rows: readonly EpisodeRow[], records: readonly IncidentRecord[]): readonly EpisodeRow[] => {
  const closedAtMs = new Map(records.map(({ incident }) => [incident.id, Date.parse(incident.closedAt)]));
  return rows.flatMap((row) => {
    const atMs = closedAtMs.get(row.incident_id);
    if (row.matured_at !== null || atMs === undefined) return [row];
    const late = { clusterId: row.cluster_id, worldHash: row.world_hash, reopened: null };
    return finishedRows([row], { ...late, maturedAtMs: atMs + SETTLES_AFTER_MS });
  });
};
