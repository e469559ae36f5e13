import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { BadInput } from "./errors.ts";
import { firstDecisions } from "./gate-log.ts";

const slice = z.object({
  first_cluster: z.int().min(0),
  clusters: z.int().min(0),
  first_decided_at: z.number(),
  last_decided_at: z.number(),
});
const slicesFile = z.object({ schema: z.literal(1), train: slice, tune: slice, calibrate: slice, test: slice });
const NAMES = ["train", "tune", "calibrate", "test"] as const;

/** The part of a log for each purpose: shares of its clusters in order of time, or spans of time. */
export type Slices = Readonly<Record<(typeof NAMES)[number], number | readonly [fromMs: number, toMs: number]>>;

/** What a model was trained on, by cluster, and how the gate's own log is cut. */
export type Trained = Readonly<{ trainedOn: readonly string[] | null; slices: Slices }>;

/** Nothing of a log that nobody learnt from is kept back for learning. A fifth ranks challengers, the rest judges. */
const OF_ANOTHER_LOG: Slices = { train: 0, tune: 0.2, calibrate: 0, test: 0.8 };

/**
 * Which clusters a model learnt from and how the gate's log is cut: as training cut it where it is the same one. Throws
 * BadInput. @param training folder of `qnet release` @param learntFrom the logs it was given; null where nobody says
 */
export const trainedOn = async (
  training: string,
  learntFrom: readonly string[] | null,
  judgedBy: string,
): Promise<Trained> => {
  if (learntFrom === null) return { trainedOn: null, slices: OF_ANOTHER_LOG };
  const cut = slicesIn(training);
  const firsts = await Promise.all(learntFrom.map(firstDecisions));
  const clusters = firsts
    .flatMap((first) => [...first])
    .sort(([one, atMs], [other, laterMs]) => atMs - laterMs || (one < other ? -1 : 1));
  const { first_cluster, clusters: count } = cut.train;
  if (clusters.length < first_cluster + count)
    throw new BadInput(
      `--learnt ${learntFrom.join(" ")}: ${clusters.length} days with a decision, ${training} was trained on ` +
        `${first_cluster + count}; name every log that it was given`,
    );
  const names = clusters.slice(first_cluster, first_cluster + count).map(([name]) => name);
  const judged = await firstDecisions(judgedBy);
  if (!names.some((name) => judged.has(name))) return { trainedOn: names, slices: OF_ANOTHER_LOG };
  // What training kept back is what may judge it.
  const fromMs = NAMES.map((name) => cut[name].first_decided_at);
  const spans = NAMES.map((name, place) => [name, [fromMs[place], fromMs[place + 1] ?? cut[name].last_decided_at + 1]]);
  return { trainedOn: names, slices: Object.fromEntries(spans) as Slices };
};

const slicesIn = (training: string) => {
  const path = join(training, "slices.json");
  const parsed = slicesFile.safeParse(jsonIn(path));
  if (parsed.success) return parsed.data;
  throw new BadInput(
    `${path}: it does not say how the log was cut; give --training the folder that \`qnet release\` wrote`,
  );
};

const jsonIn = (path: string): unknown => {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return null;
  }
};
