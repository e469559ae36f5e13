import { existsSync } from "node:fs";
import { join } from "node:path";
import { BadInput, type ExitCode } from "./errors.ts";
import { runPython } from "./python.ts";
import type { Screen } from "./screen.ts";

/** The flags as commander hands them over: text, or absent. */
export type TrainFlags = Readonly<{
  episodes: string;
  learner: string;
  seed: string;
  first?: string;
  config?: string;
  out?: string;
  checkpoint?: string;
  device: string;
  json?: true;
}>;

/** `quell train`: a log of episodes in, a model in a folder out. What is wrong with the flags is said before Python starts. */
export const train = async (flags: TrainFlags, screen: Screen): Promise<ExitCode> =>
  runPython(["-m", "qnet", "train", ...trainArguments(flags)], screen.writeError);

/** The flags as `python -m qnet train` takes them. Throws BadInput that names the flag and what it takes. */
export const trainArguments = (flags: TrainFlags): readonly string[] => {
  const { episodes, learner, seed, first, config, checkpoint, device, json } = flags;
  if (!existsSync(episodes))
    throw new BadInput(`--episodes ${episodes}: is not there; name a folder that \`quell simulate --out DIR\` wrote`);
  if (!/^\d{1,15}$/.test(seed))
    throw new BadInput(`--seed ${seed}: cannot be used; give a whole number of 0 or more, for instance --seed 1`);
  if (first !== undefined && !/^[1-9]\d{0,14}$/.test(first))
    throw new BadInput(`--first ${first}: cannot be used; give a whole number of 1 or more, for instance --first 200`);
  const out = flags.out ?? join(".quell", "models", `${learner}-${seed}`);
  const values = { episodes, learner, seed, first, config, out, checkpoint, device };
  return [
    // In one word each: a value that begins with a dash stays a value.
    ...Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}=${value}`])),
    ...(json === true ? ["--json"] : []),
  ];
};
