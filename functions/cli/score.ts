import { join, resolve } from "node:path";
import { catalogue } from "../../runbooks/catalogue.ts";
import { FEATURES_HASH } from "../core/features.ts";
import { hashOfCode } from "./code-hash.ts";
import { BadInput, type ExitCode } from "./errors.ts";
import { showing } from "./gate-steps.ts";
import type { ScoredBy, ScoredList } from "./score-list.ts";
import { openSource, scoreLog } from "./score-log.ts";
import { type TargetPolicy, targetPolicy } from "./score-policy.ts";
import type { Screen } from "./screen.ts";

/** The flags as commander hands them over: text, or absent. */
export type ScoreFlags = Readonly<{ policy: string; episodes: string; out?: string; epsilon: string; json?: true }>;

/** `quell score`: what a policy would have proposed where a log was written. 1 = some rows could not be replayed. */
export const score = async (
  flags: ScoreFlags,
  screen: Screen,
  open: (policy: string, epsilon: number) => Promise<TargetPolicy> = targetPolicy,
): Promise<ExitCode> => {
  const epsilon = epsilonOf(flags.epsilon);
  const policy = await open(flags.policy, epsilon);
  try {
    const out = flags.out ?? join(flags.episodes, "scored", nameOf(flags.policy));
    const list = await scored(policy, flags.episodes, out, screen);
    const report = reportOf(list);
    screen.write(flags.json === true ? `${JSON.stringify(report)}\n` : `${out}: ${sentence(report)}\n`);
    return report.unknown === 0 ? 0 : 1;
  } finally {
    await policy.close();
  }
};

/** Scores the log in `episodes` into `out`, and shows how far it is. Throws BadInput where they cannot be used. */
export const scored = async (
  { name, scorer, hash }: TargetPolicy,
  episodes: string,
  out: string,
  screen: Screen,
): Promise<ScoredList> => {
  if (resolve(episodes) === resolve(out)) throw new BadInput(`--out ${out}: holds the log itself; name another folder`);
  const source = await openSource(episodes);
  const by: ScoredBy = {
    ...{ policy: name, policy_hash: hash, features_hash: FEATURES_HASH, catalogue_hash: catalogue.hash },
    code_hash: hashOfCode(["functions/core", "functions/adapters/onnx", "runbooks"]),
  };
  return showing(screen, source.rows, "decisions", (ended) =>
    scoreLog(source, out, catalogue, { scorer, by }, (rows) => {
      for (let row = 0; row < rows; row += 1) ended();
    }),
  );
};

/** From 0 to 1, in plain digits. */
const epsilonOf = (text: string): number => {
  if (/^(0|1|0?\.\d+|1\.0+)$/.test(text)) return Number(text);
  throw new BadInput(`--epsilon ${text}: cannot be used; give a share from 0 to 1, for instance --epsilon 0.15`);
};

/** The last name of a folder, or the policy's own. */
const nameOf = (policy: string): string => resolve(policy).split(/[/\\]/).at(-1) ?? policy;

type Report = Readonly<{
  schema: 1;
  policy: string;
  policyHash: string;
  rows: number;
  files: number;
  unknown: number;
  unknownKeys: readonly string[];
  abstained: Readonly<Record<string, number>>;
}>;

const reportOf = ({ policy, policy_hash, parts }: ScoredList): Report => {
  const sum = (of: (part: ScoredList["parts"][number]) => number) => parts.reduce((all, part) => all + of(part), 0);
  const codes = [...new Set(parts.flatMap(({ abstained }) => Object.keys(abstained)))].sort();
  return {
    ...{ schema: 1, policy, policyHash: policy_hash, rows: sum(({ rows }) => rows), files: parts.length },
    unknown: sum(({ unknown }) => unknown),
    unknownKeys: [...new Set(parts.flatMap(({ unknownKeys }) => unknownKeys))].sort(),
    abstained: Object.fromEntries(codes.map((code) => [code, sum(({ abstained }) => abstained[code] ?? 0)])),
  };
};

const sentence = ({ policy, rows, files, unknown, unknownKeys, abstained }: Report): string => {
  const reasons = Object.entries(abstained).map(([code, count]) => `${count} ${code}`);
  const abstains = reasons.length === 0 ? "never abstains" : `abstains: ${reasons.join(", ")}`;
  const told = `${rows} decisions in ${files} files; ${policy} ${abstains}`;
  if (unknown === 0) return told;
  const named = unknownKeys.join(", ");
  return `${told}; ${unknown} were not replayed, the catalogue no longer knows their candidates (${named})`;
};
