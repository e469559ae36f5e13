import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { writeWhole } from "../adapters/files/write-whole.ts";
import { hashOf } from "../core/ids.ts";
import { REMEMBERED_DAYS } from "../rollout/evaluation-record.ts";
import { readSimulation } from "../rollout/simulation.ts";
import { FAMILY_SHARE } from "../world/faults/families.ts";
import { FAMILIES } from "../world/faults/fault.ts";
import { type EvaluateFlags, evaluate } from "./evaluate.ts";
import { evaluationHash } from "./evaluation-hash.ts";
import { hashOfFile } from "./gate-log.ts";
import type { Contender, GateOptions } from "./gate-options.ts";
import type { Screen } from "./screen.ts";

/** Share of each family among incidents: what the days of a family count in all. */
export const FAMILY_SHARES: Readonly<Record<string, number>> = FAMILY_SHARE;

/** Plays days and writes a line for each policy; a stopped run goes on where it was. */
export type PlayDays = (flags: EvaluateFlags, screen: Screen) => Promise<unknown>;

/**
 * The days of sealed worlds that both play, the families of faults in turn, and the file that they are in. A file is of one
 * question and one code: others stay beside it.
 * @param seal hash of what is judged and by which protocol: no world exists before it
 */
export const pairedDays = async (
  { challenger, champion, episodes, sizes, out }: GateOptions,
  seal: string,
  screen: Screen,
  play: PlayDays = evaluate,
): Promise<string> => {
  const folder = join(out, "days");
  mkdirSync(folder, { recursive: true });
  const both: readonly Contender[] = [challenger, champion];
  const spec = {
    ...{ schema: 1, seed: seal, worlds: { first: 0, end: sizes.worlds }, broken: 0, confounding: "mild" },
    daysPerWorld: FAMILIES.length * Math.ceil(sizes.daysPerFamily / sizes.worlds),
    trackRecord: pastOf(episodes),
    models: both.flatMap(({ role, folder }) => (folder === null ? [] : [{ name: role, folder }])),
    policies: both.map(({ judged }) => judged),
    ...{ seerDays: 0, answers: "oncall", stratified: true },
  };
  const manifests = both.map((one) => (one.folder === null ? null : hashOfFile(join(one.folder, "manifest.json"))));
  const name = hashOf({ spec, manifests, code: evaluationHash() }).slice(0, 12);
  const [file, asked] = [join(folder, `${name}.jsonl`), join(folder, `${name}.asked.json`)];
  writeWhole(asked, [JSON.stringify(spec, null, 2)]);
  await play({ spec: asked, out: file }, { ...screen, write: () => {} });
  return file;
};

/** The log's first days are everybody's past, as in every table; a log that is too short for it is nobody's. */
const pastOf = (episodes: string): string | null =>
  (readSimulation(episodes)?.incidents ?? 0) >= REMEMBERED_DAYS ? resolve(episodes) : null;
