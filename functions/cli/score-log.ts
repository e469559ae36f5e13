import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { ScoredRow } from "../adapters/parquet/episode-columns.ts";
import { BadEpisodes, readEpisodes, readVersions } from "../adapters/parquet/read-episodes.ts";
import { writeScored } from "../adapters/parquet/write-episodes.ts";
import type { EpisodeRow } from "../core/episode.ts";
import { FEATURES_HASH } from "../core/features.ts";
import { hashOf, sha256 } from "../core/ids.ts";
import type { Scorer } from "../core/ports.ts";
import { replayChoose } from "../core/replay-choose.ts";
import type { Catalogue } from "../core/runbook.ts";
import { OtherLog, readSimulation } from "../rollout/simulation.ts";
import { BadInput } from "./errors.ts";
import { partsLeft, type ScoredBy, type ScoredList, type ScoredPart, writeList } from "./score-list.ts";

/** Rows after which others get a turn: inference and reading alternate anyway, rules would run on for minutes. */
const ROWS_A_TURN = 500;
const MOST_NAMED = 5;

/** A log to be scored: its files, and which of each one's rows are the newest of their decisions. */
export type SourceLog = Readonly<{ folder: string; files: readonly SourceFile[]; rows: number }>;
type SourceFile = Readonly<{ name: string; kept: ReadonlySet<number>; hash: string }>;

/** Finds what lies in a folder. Throws BadInput where it is no log, or one whose files are not what its list says. */
export const openSource = async (folder: string): Promise<SourceLog> => {
  const names = filesIn(folder);
  const versions = await Promise.all(names.map((name) => asInput(readVersions(join(folder, name)))));
  const newest = new Map<string, Readonly<{ version: number; file: number; row: number }>>();
  for (const [file, rows] of versions.entries())
    for (const [row, { decisionId, version }] of rows.entries())
      if (version >= (newest.get(decisionId)?.version ?? 0)) newest.set(decisionId, { version, file, row });
  const kept = names.map(() => new Set<number>());
  for (const { file, row } of newest.values()) kept[file]?.add(row);
  const files = names.map((name, file) => {
    const rows = kept[file] ?? new Set();
    const content = sha256(readFileSync(join(folder, name)));
    return { name, kept: rows, hash: hashOf({ content, rows: [...rows].sort((one, other) => one - other) }) };
  });
  return { folder, files, rows: newest.size };
};

const filesIn = (folder: string): readonly string[] => {
  const what = "name a folder that quell simulate --out DIR wrote, or one with Parquet files of episodes";
  let names: readonly string[];
  try {
    names = readdirSync(folder).filter((name) => name.endsWith(".parquet"));
  } catch (cause) {
    throw new BadInput(`--episodes ${folder}: is no folder that can be read; ${what}`, { cause });
  }
  if (names.length === 0) throw new BadInput(`--episodes ${folder}: holds no Parquet file; ${what}`);
  requireListed(folder, names);
  return names.toSorted();
};

/** Where the simulator wrote a list, its files are those that it lists, to the byte. */
const requireListed = (folder: string, names: readonly string[]): void => {
  const parts = simulationIn(folder)?.parts ?? null;
  if (parts === null) return;
  const again = "delete the folder and write it again with quell simulate";
  for (const { file, sha256: listed } of parts) {
    if (!names.includes(file)) throw new BadInput(`--episodes ${join(folder, file)}: is missing; ${again}`);
    if (sha256(readFileSync(join(folder, file))) !== listed)
      throw new BadInput(`--episodes ${join(folder, file)}: has changed since simulation.json listed it; ${again}`);
  }
  const other = names.find((name) => !parts.some(({ file }) => file === name));
  if (other !== undefined)
    throw new BadInput(`--episodes ${join(folder, other)}: simulation.json does not list it; take it away`);
};

const simulationIn = (folder: string) => {
  try {
    return readSimulation(folder);
  } catch (cause) {
    if (cause instanceof OtherLog) throw new BadInput(`--episodes ${cause.message}`, { cause });
    throw cause;
  }
};

const asInput = async <T>(reading: Promise<T>): Promise<T> => {
  try {
    return await reading;
  } catch (cause) {
    throw cause instanceof BadEpisodes ? new BadInput(`--episodes ${cause.message}`, { cause }) : cause;
  }
};

/**
 * Writes the newest row of every decision with the distribution that the policy would have drawn its proposal from. Files
 * that an earlier run of the same policy, code and rows left whole stay as they are.
 * @param ended hears of rows that are over
 */
export const scoreLog = async (
  source: SourceLog,
  out: string,
  catalogue: Catalogue,
  { scorer, by }: Readonly<{ scorer: Scorer; by: ScoredBy }>,
  ended: (rows: number) => void,
): Promise<ScoredList> => {
  mkdirSync(out, { recursive: true });
  const left = partsLeft(out, by);
  const parts: ScoredPart[] = [];
  for (const file of source.files) {
    const whole = left.find((part) => part.file === file.name && part.source === file.hash);
    const part = whole ?? (await scoredPart(source.folder, out, file, catalogue, scorer, ended));
    if (whole !== undefined) ended(whole.rows);
    parts.push(part);
    // Between two files nothing is lost but what is being written.
    writeList(out, by, [...parts, ...left.filter(({ file: name }) => !parts.some((one) => one.file === name))]);
  }
  for (const name of readdirSync(out))
    if (name.endsWith(".parquet") && !parts.some(({ file }) => file === name)) rmSync(join(out, name));
  return writeList(out, by, parts);
};

const scoredPart = async (
  folder: string,
  out: string,
  { name, kept, hash }: SourceFile,
  catalogue: Catalogue,
  scorer: Scorer,
  ended: (rows: number) => void,
): Promise<ScoredPart> => {
  const rows = (await asInput(readEpisodes(join(folder, name)))).filter((_, row) => kept.has(row));
  requireFeatures(join(folder, name), rows);
  const scored: ScoredRow[] = [];
  const unknownKeys = new Set<string>();
  const abstained = new Map<string, number>();
  for (const [place, row] of rows.entries()) {
    const replayed = await replayChoose(row, catalogue, scorer);
    scored.push({ ...row, target_prob: replayed.kind === "replayed" ? replayed.probability : null });
    if (replayed.kind === "unknown") for (const key of replayed.keys) unknownKeys.add(key);
    else if (replayed.abstained !== null)
      abstained.set(replayed.abstained, (abstained.get(replayed.abstained) ?? 0) + 1);
    ended(1);
    if (place % ROWS_A_TURN === ROWS_A_TURN - 1) await new Promise((resolve) => setImmediate(resolve));
  }
  return {
    ...{ file: name, rows: scored.length, sha256: writeScored(join(out, name), scored).sha256, source: hash },
    unknown: scored.filter(({ target_prob }) => target_prob === null).length,
    unknownKeys: [...unknownKeys].sort().slice(0, MOST_NAMED),
    abstained: Object.fromEntries([...abstained].sort()),
  };
};

const requireFeatures = (path: string, rows: readonly EpisodeRow[]): void => {
  const other = rows.find(({ features_hash }) => features_hash !== FEATURES_HASH);
  if (other !== undefined)
    throw new BadInput(
      `--episodes ${path}: decision ${other.decision_id} has features ${other.features_hash.slice(0, 12)}, and these are ` +
        `${FEATURES_HASH.slice(0, 12)}; write the log again with this version of quell`,
    );
};
