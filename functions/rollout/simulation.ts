import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { writeWhole } from "../adapters/files/write-whole.ts";
import { readEpisodes } from "../adapters/parquet/read-episodes.ts";
import { writeEpisodes } from "../adapters/parquet/write-episodes.ts";
import { type AutonomyEvent, autonomyEvents } from "../core/autonomy-evidence.ts";
import { FEATURES_HASH } from "../core/features.ts";
import { type PastRun, pastRunOf } from "../core/track-record.ts";
import { KEPT_DAYS, type Log, type LoggedDay, playLog } from "./days/log.ts";

/** Days in one file: a stop loses half a minute, and a reader of the first two hundred days opens one file. */
const DAYS_A_PART = 500;

const partSchema = z.strictObject({
  file: z.string(),
  incidents: z.number(),
  rows: z.number(),
  sha256: z.string(),
});
type Part = Readonly<z.infer<typeof partSchema>>;

const simulationSchema = z.strictObject({
  schema: z.literal(1),
  asked: z.record(z.string(), z.union([z.string(), z.number(), z.null()])),
  world_hash: z.string(),
  features_hash: z.string(),
  incidents: z.number(),
  rows: z.number(),
  data_hash: z.string(),
  parts: z.array(partSchema),
});

/** What lies in a folder of episodes: what was asked for, and each file that is whole. */
export type Simulation = Readonly<z.infer<typeof simulationSchema>>;

/** A folder holds another log than the one that was asked for, or none that can be read. */
export class OtherLog extends Error {
  override readonly name = "OtherLog";
}

/** The simulation that a folder holds, or null where it holds none. Throws OtherLog where its list cannot be read. */
export const readSimulation = (folder: string): Simulation | null => {
  const path = join(folder, "simulation.json");
  if (!existsSync(path)) return null;
  const parsed = simulationSchema.safeParse(jsonIn(path));
  if (!parsed.success) throw new OtherLog(`${path}: it does not list a simulation; give another folder`);
  return parsed.data;
};

const jsonIn = (path: string): unknown => {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new OtherLog(`${path}: it cannot be read (${why}); delete its folder or give another one`, { cause });
  }
};

const partNamed = (number: number, ending: string): string => `part-${String(number).padStart(5, "0")}.${ending}`;

const hashOfParts = (parts: readonly Part[]): string =>
  createHash("sha256")
    .update(parts.map(({ sha256 }) => sha256).join("\n"))
    .digest("hex");

/**
 * Writes a log of `incidents` days into a folder, part by part, and goes on where an earlier run of the same log stopped;
 * a longer log of the same stream begins with the shorter one. Memory does not grow with its length.
 * @param asked all that decides what the rows are, their number aside @param ended hears of each day that is over
 */
export const simulate = async (
  log: Log,
  folder: string,
  incidents: number,
  asked: Simulation["asked"],
  ended: (days: number) => void,
  daysAPart = DAYS_A_PART,
): Promise<Simulation> => {
  mkdirSync(join(folder, "truth"), { recursive: true });
  let simulation = begun(folder, log, asked, daysAPart);
  let runs = await runsBefore(folder, simulation);
  const autonomy = log.autonomy === undefined ? [] : [...(await evidenceIn(folder, simulation))];
  ended(simulation.incidents);
  while (simulation.incidents < incidents) {
    const fromIndex = simulation.incidents;
    const toIndex = Math.min(incidents, fromIndex + daysAPart);
    const days: LoggedDay[] = [];
    for await (const day of playLog(log, { fromIndex, toIndex }, { runs, autonomy })) {
      days.push(day);
      ended(1);
    }
    simulation = withPart(folder, simulation, days);
    runs = await runsBefore(folder, simulation);
    if (log.autonomy !== undefined) autonomy.push(...autonomyEvents(days.flatMap((day) => day.rows)));
  }
  return simulation;
};

/** What an earlier run left, without a last part that is shorter than the others: it is played again, whole. */
const begun = (folder: string, { worldHash }: Log, asked: Simulation["asked"], daysAPart: number): Simulation => {
  const fresh = { schema: 1, asked, world_hash: worldHash, features_hash: FEATURES_HASH } as const;
  const found = readSimulation(folder);
  if (found === null) return { ...fresh, incidents: 0, rows: 0, data_hash: hashOfParts([]), parts: [] };
  for (const name of Object.keys({ ...found.asked, ...asked }))
    if (found.asked[name] !== asked[name])
      throw new OtherLog(`${folder}: it holds a log with another ${name}; give another folder`);
  // The same was asked for, so that only the code can differ.
  if (found.world_hash !== worldHash || found.features_hash !== FEATURES_HASH)
    throw new OtherLog(`${folder}: it was written by other simulator code; delete it or give another folder`);
  return listed(
    found,
    found.parts.filter((part) => part.incidents === daysAPart),
  );
};

const listed = (simulation: Simulation, parts: readonly Part[]): Simulation => {
  const total = (of: (part: Part) => number): number => parts.reduce((sum, part) => sum + of(part), 0);
  return {
    ...simulation,
    ...{ incidents: total((part) => part.incidents), rows: total((part) => part.rows) },
    ...{ data_hash: hashOfParts(parts), parts: [...parts] },
  };
};

/** The list is written last: a part that it does not name was never whole. */
const withPart = (folder: string, simulation: Simulation, days: readonly LoggedDay[]): Simulation => {
  const number = simulation.parts.length;
  const rows = days.flatMap((day) => day.rows);
  const file = partNamed(number, "parquet");
  const { sha256 } = writeEpisodes(join(folder, file), rows);
  const truth = days.flatMap((day) => day.truth.map((one) => JSON.stringify(one)));
  writeWhole(join(folder, "truth", partNamed(number, "jsonl")), truth);
  const grown = listed(simulation, [...simulation.parts, { file, incidents: days.length, rows: rows.length, sha256 }]);
  writeWhole(join(folder, "simulation.json"), [JSON.stringify(grown, null, 2)]);
  return grown;
};

/** What the runs of the last days did, read back from their rows: a resumed log is the same as one that was never stopped. */
const runsBefore = async (folder: string, { parts }: Simulation): Promise<readonly PastRun[]> => {
  const runs: PastRun[] = [];
  let days = 0;
  for (const { file, incidents } of parts.toReversed()) {
    if (days > KEPT_DAYS) break;
    const rows = await readEpisodes(join(folder, file));
    runs.unshift(...rows.map(pastRunOf).filter((run) => run !== null));
    days += incidents;
  }
  return runs;
};

/** All that the files of a log say for and against letting runbooks act alone; no cluster lies in two of them. */
export const evidenceIn = async (folder: string, { parts }: Simulation): Promise<readonly AutonomyEvent[]> => {
  const events: AutonomyEvent[] = [];
  for (const { file } of parts) events.push(...autonomyEvents(await readEpisodes(join(folder, file))));
  return events;
};
