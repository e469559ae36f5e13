import { mkdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { writeWhole } from "../adapters/files/write-whole.ts";
import { loadModel } from "../adapters/onnx/load-model.ts";
import { sha256 } from "../core/ids.ts";
import { BadInput, type ExitCode } from "./errors.ts";
import { evaluate } from "./evaluate.ts";
import { type Checks, checksOf } from "./gate-checks.ts";
import { FAMILY_SHARES, type PlayDays, pairedDays } from "./gate-days.ts";
import { readGolden } from "./gate-golden.ts";
import { openLog } from "./gate-log.ts";
import { identityOf, type OpenedModel, openModel } from "./gate-model.ts";
import { type Contender, type GateFlags, type GateOptions, gateOptions } from "./gate-options.ts";
import { parityBy } from "./gate-parity.ts";
import { stepsIn } from "./gate-steps.ts";
import { trainedOn } from "./gate-trained.ts";
import { releaseInto, writeRefusal } from "./gate-verdict.ts";
import { runPython } from "./python.ts";
import { scored } from "./score.ts";
import { type OpenModel, type TargetPolicy, targetPolicy } from "./score-policy.ts";
import type { Screen } from "./screen.ts";

const QNET = join(import.meta.dirname, "..", "..", "policies", "qnet");

/** What of a gate is done elsewhere; a parameter, so that a test can hear what is asked of it. */
export type GateWork = Readonly<{
  python: (args: readonly string[], stdout: "inherit" | "ignore") => Promise<ExitCode>;
  play: PlayDays;
  open: OpenModel;
}>;

const workWith = (screen: Screen): GateWork => ({
  python: (args, stdout) => runPython(args, screen.writeError, stdout),
  play: evaluate,
  open: openModel,
});

/**
 * `quell gate`: may the challenger take the champion's place? Checks it, plays both on sealed worlds, scores both on a log
 * with propensities, and has Python judge. 0 = passed, 1 = refused or NOT EVALUABLE.
 */
export const gate = async (flags: GateFlags, screen: Screen, work: GateWork = workWith(screen)): Promise<ExitCode> => {
  const options = gateOptions(flags);
  const { challenger, champion, out, release } = options;
  mkdirSync(out, { recursive: true });
  if (options.sizes.isQuick)
    screen.writeError("quell: a quick gate: its verdict is of a toy, and says nothing of a model\n");
  const judged = challenger.folder === null ? null : loadModel(challenger.folder, { gated: false });
  if (judged?.kind === "refused") {
    const text = writeRefusal(out, challenger.judged, champion.judged, judged.because.detail);
    screen.write(options.json ? `${text}\n` : `${challenger.policy}: refused: ${judged.because.detail}\n`);
    return 1;
  }
  const spec = await specOf(options, screen, work);
  const path = join(out, "spec.json");
  writeWhole(path, [JSON.stringify(spec, null, 2)]);
  screen.writeError("quell: judging ...\n");
  const json = options.json ? ["--json"] : [];
  const code = await work.python(["-m", "qnet", "gate", `--spec=${path}`, `--out=${out}`, ...json], "inherit");
  if (code === 0 && release !== null && challenger.folder !== null && judged !== null) {
    releaseInto(release, challenger.folder, out, judged.manifest.manifest_hash);
    screen.writeError(`quell: released in ${release}\n`);
  }
  return code;
};

/** Does all that Python judges by and says where it lies; every path is whole. */
const specOf = async (options: GateOptions, screen: Screen, work: GateWork) => {
  const { challenger, champion, episodes, out } = options;
  const golden = readGolden();
  const log = await openLog(episodes);
  const trained = await trainedFor(options);
  const model = challenger.folder === null ? null : await work.open(challenger.folder);
  const opened: Pick<TargetPolicy, "close">[] = model === null ? [] : [model];
  try {
    const ours = await policyOf(challenger, work, model);
    if (model === null) opened.push(ours);
    const theirs = await policyOf(champion, work, null);
    opened.push(theirs);
    const step = stepsIn(join(out, "steps"), screen.writeError);
    const measure = parityBy((args) => work.python(args, "ignore"));
    const checked = { options, log, golden, challenger: ours, champion: theirs, model, screen };
    const checks = await checksOf(checked, step, measure);
    const folders = {
      challenger: await scoredBy(ours, options, screen),
      champion: await scoredBy(theirs, options, screen),
    };
    const others = model === null || challenger.policy === "clone" ? [] : [await rivalOf(options, screen, model)];
    screen.writeError("quell: days of sealed worlds ...\n");
    const days = await pairedDays(options, sealOf(challenger, model), screen, work.play);
    return {
      ...{ schema: 1, challenger: challenger.judged, champion: champion.judged, model: challenger.folder },
      ...{ reward: join(QNET, "reward.json"), features: join(QNET, "features.json") },
      ...{ episodes: [resolve(episodes)], scored: folders, days: resolve(days), familyShares: FAMILY_SHARES },
      ...{ checks: writtenIn(out, checks), openings: resolve(episodes, "openings.jsonl"), ...trained },
      ...{ challengers: others, shuffled: await shuffledBy(options, screen, work, others[0]?.scored) },
    };
  } finally {
    await Promise.all(opened.map(({ close }) => close()));
  }
};

const trainedFor = ({ challenger, training, learnt, episodes }: GateOptions) =>
  challenger.folder === null
    ? trainedOn("", null, episodes)
    : trainedOn(training ?? challenger.folder, learnt, episodes);

const policyOf = (contender: Contender, work: GateWork, model: OpenedModel | null): Promise<TargetPolicy> =>
  targetPolicy(contender.policy, 0, model === null ? work.open : async () => model);

/** The log with what a policy would have proposed. Throws BadInput where some of it cannot be said. */
const scoredBy = async (policy: TargetPolicy, { episodes, out }: GateOptions, screen: Screen): Promise<string> => {
  screen.writeError(`quell: scoring under ${policy.name} ...\n`);
  const folder = resolve(out, "scored", policy.hash.slice(0, 12));
  const { parts } = await scored(policy, episodes, folder, screen);
  const unknown = parts.reduce((sum, part) => sum + part.unknown, 0);
  if (unknown === 0) return folder;
  const names = [...new Set(parts.flatMap(({ unknownKeys }) => unknownKeys))].join(", ");
  throw new BadInput(
    `--episodes ${episodes}: the catalogue no longer knows candidates of ${unknown} decisions (${names}); ` +
      "give a log that was written with this catalogue",
  );
};

/** What people would do, by the same model: somebody to be ranked with. */
const rivalOf = async (options: GateOptions, screen: Screen, model: OpenedModel) => ({
  name: "clone",
  scored: await scoredBy(
    {
      name: "clone",
      scorer: model.scorer("clone", "best"),
      hash: `c${model.manifest.manifest_hash}`,
      close: model.close,
    },
    options,
    screen,
  ),
});

/** No world exists before the policy and the protocol that it is judged by. */
const sealOf = ({ policy }: Contender, model: OpenedModel | null): string =>
  sha256(
    `${model === null ? sha256(policy) : identityOf(model.manifest)}|${sha256(readFileSync(join(QNET, "protocol.json")))}`,
  );

/** The leak test's two: what nobody can have learnt from, and what people would do. */
const shuffledBy = async (options: GateOptions, screen: Screen, work: GateWork, cloning: string | undefined) => {
  if (options.shuffled === null || cloning === undefined) return null;
  const policy = await targetPolicy(options.shuffled, 0, work.open);
  try {
    return { cloning, shuffled: await scoredBy(policy, options, screen) };
  } finally {
    await policy.close();
  }
};

const writtenIn = (out: string, checks: Checks): string => {
  const path = resolve(out, "checks.json");
  writeWhole(path, [JSON.stringify(checks, null, 2)]);
  return path;
};
