import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { POLICIES } from "../core/policies.ts";
import { BadInput } from "./errors.ts";
import { folderOf } from "./score-policy.ts";

/** The flags as commander hands them over: text, or absent. */
export type GateFlags = Readonly<{
  challenger: string;
  champion: string;
  episodes: string;
  training?: string;
  learnt?: readonly string[];
  shuffled?: string;
  out: string;
  days: string;
  release?: string;
  quick?: true;
  json?: true;
}>;

/** One of the two that are compared. */
export type Contender = Readonly<{
  role: "challenger" | "champion";
  /** As it was named. */
  policy: string;
  /** As `quell evaluate` and its lines name it. */
  judged: string;
  /** Where its model lies; null where it has none. */
  folder: string | null;
}>;

/** What one gate is about. */
export type GateOptions = Readonly<{
  challenger: Contender;
  champion: Contender;
  episodes: string;
  /** What `qnet release` left of how the challenger was made; null where nobody says. */
  training: string | null;
  /** The logs that the challenger learnt from; null where nobody says. */
  learnt: readonly string[] | null;
  /** A model of the same logs whose outcomes were shuffled; null where the leak test is not made. */
  shuffled: string | null;
  out: string;
  sizes: Sizes;
  release: string | null;
  json: boolean;
}>;

/** How much is looked at. */
export type Sizes = Readonly<{
  /** A toy's verdict tells nothing of a model. */
  isQuick: boolean;
  daysPerFamily: number;
  worlds: number;
  parityRows: number;
  /** Scenes of the log on which the properties are tried, beside the golden ones. */
  propertyScenes: number;
}>;

/** 900 days leave more than the 500 that a family needs, and 12 families more than 10,000 in all. */
const WHOLE = { isQuick: false, worlds: 20, parityRows: 10_000, propertyScenes: 500 };
/** Every step runs, on next to nothing. */
const QUICK: Sizes = { isQuick: true, daysPerFamily: 1, worlds: 1, parityRows: 20, propertyScenes: 5 };

/** Reads the flags. Throws BadInput that names the flag, what it was given and what to do. */
export const gateOptions = (flags: GateFlags): GateOptions => {
  const { episodes, training = null, learnt = null, shuffled = null, release = null } = flags;
  const isQuick = flags.quick === true;
  if (!/^[1-9]\d{0,4}$/.test(flags.days))
    throw new BadInput(
      `--days ${flags.days}: cannot be used; give whole days for each family, for instance --days 900`,
    );
  if (!existsSync(episodes))
    throw new BadInput(`--episodes ${episodes}: is not there; name a log that an agent wrote with propensities`);
  if (training !== null && !existsSync(training))
    throw new BadInput(`--training ${training}: is not there; name the folder that \`qnet release\` wrote`);
  for (const log of learnt ?? [])
    if (!existsSync(log))
      throw new BadInput(`--learnt ${log}: is not there; name every log that the challenger was trained on`);
  if (shuffled !== null && !existsSync(join(shuffled, "model.onnx")))
    throw new BadInput(`--shuffled ${shuffled}: has no model.onnx; name a folder of \`qnet release --shuffled\``);
  if (isQuick && release !== null)
    throw new BadInput(`--release ${release}: a quick gate judges a toy and releases nothing; leave out --quick`);
  const [challenger, champion] = [contender("challenger", flags.challenger), contender("champion", flags.champion)];
  if (challenger.judged === champion.judged || (challenger.folder !== null && challenger.folder === champion.folder))
    throw new BadInput(`--champion ${flags.champion}: is the challenger itself; name what is deployed`);
  if (release !== null && challenger.folder === null)
    throw new BadInput(`--release ${release}: ${flags.challenger} has no model that could be released`);
  const sizes = isQuick ? QUICK : { ...WHOLE, daysPerFamily: Number(flags.days) };
  const { out } = flags;
  return { challenger, champion, episodes, training, learnt, shuffled, out, sizes, release, json: flags.json === true };
};

const contender = (role: Contender["role"], policy: string): Contender => {
  if (Object.keys(POLICIES).includes(policy)) return { role, policy, judged: policy, folder: null };
  const folder = resolve(folderOf(policy, role));
  if (!existsSync(join(folder, "manifest.json")))
    throw new BadInput(
      `--${role} ${policy}: ${folder} has no manifest.json; name a folder that \`qnet release\` wrote`,
    );
  return { role, policy, judged: policy === "clone" ? `clone:${role}` : `onnx:${role}`, folder };
};
