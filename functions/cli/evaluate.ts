import {
  type ModelFolder,
  openScoringServer,
  type ScoringServer,
  ScoringServerFailed,
} from "../adapters/python/scoring-server.ts";
import { FEATURES_HASH } from "../core/features.ts";
import { sha256 } from "../core/ids.ts";
import type { PastRun } from "../core/track-record.ts";
import { abreast } from "../rollout/abreast.ts";
import { testDays } from "../rollout/days/days.ts";
import { judgeDay } from "../rollout/evaluation-day.ts";
import type { AskModels, JudgedPolicy } from "../rollout/evaluation-policies.ts";
import { BadInput, type ExitCode, type Write } from "./errors.ts";
import { openEvaluation, type Place } from "./evaluate-file.ts";
import { pastIn } from "./evaluate-past.ts";
import { type EvaluationSpec, readSpec } from "./evaluate-spec.ts";
import { evaluationHash, modelHash } from "./evaluation-hash.ts";
import { progressOn } from "./gameday-progress.ts";
import { pythonFor } from "./python.ts";
import type { Screen } from "./screen.ts";

/** The flags as commander hands them over. */
export type EvaluateFlags = Readonly<{ spec: string; out: string; json?: true }>;

/** One day is played while others wait for the models' scores, which another process makes. */
const DAYS_ABREAST = 4;

/** One day that is to be judged, and under which policies. */
type Task = Readonly<{ world: number; day: number; policies: readonly JudgedPolicy[] }>;

/**
 * `quell evaluate`: plays the days of sealed worlds under every policy and appends what came of each to a file.
 * @param python the interpreter that models are scored with
 */
export const evaluate = async (
  flags: EvaluateFlags,
  screen: Screen,
  python: (writeError: Write) => Promise<string> = pythonFor,
): Promise<ExitCode> => {
  const spec = readSpec(flags.spec);
  const tasks = tasksOf(spec);
  const past = await pastIn(spec.trackRecord);
  const server = await serverFor(spec, () => python(screen.writeError));
  try {
    const file = openEvaluation(flags.out, whatDecides(spec, past), tasks.map(placesOf));
    const judgedBefore = file.whole;
    const plays = await play(spec, tasks, { past, server, file, screen });
    const report = { schema: 1, days: tasks.length, judgedBefore, policies: spec.policies.length, plays };
    screen.write(flags.json === true ? `${JSON.stringify(report)}\n` : `${sentence(report, flags.out)}\n`);
    return 0;
  } finally {
    await server?.close();
  }
};

const tasksOf = ({ worlds, daysPerWorld, judged, seerDays }: EvaluationSpec): readonly Task[] =>
  Array.from({ length: (worlds.end - worlds.first) * daysPerWorld }, (_, place) => {
    const day = place % daysPerWorld;
    const policies = judged.filter(({ kind }) => kind !== "seer" || day < seerDays);
    return { world: worlds.first + Math.floor(place / daysPerWorld), day, policies };
  });

const placesOf = ({ world, day, policies }: Task): readonly Place[] =>
  policies.map(({ name }) => ({ world, day, policy: name }));

/** All that the lines follow from. More worlds may be asked for later: theirs come after what is there. */
const whatDecides = ({ judged: _, trackRecord: __, worlds, ...spec }: EvaluationSpec, past: readonly PastRun[]) => ({
  ...spec,
  worlds: { first: worlds.first },
  models: spec.models.map(({ name, folder }) => ({ name, hash: modelHash(folder) })),
  pastHash: sha256(JSON.stringify(past)),
  featuresHash: FEATURES_HASH,
  codeHash: evaluationHash(),
});

type Stage = Readonly<{
  past: readonly PastRun[];
  server: ScoringServer | null;
  file: ReturnType<typeof openEvaluation>;
  screen: Screen;
}>;

/** Plays what the file has not; returns how often a day was played for it. */
const play = async (
  spec: EvaluationSpec,
  tasks: readonly Task[],
  { past, server, file, screen }: Stage,
): Promise<number> => {
  const ask: AskModels = async (scene, models) => (await server?.score(scene, models)) ?? new Map();
  const progress =
    screen.isErrorLive === true
      ? progressOn(screen.writeError, tasks.length, file.whole, () => performance.now())
      : null;
  let plays = 0;
  try {
    const judge = ({ world, day, policies }: Task) =>
      judgeDay({ world, day, drawn: testDays(spec.seed, world, spec)(day), past }, policies, ask);
    for await (const judged of abreast(tasks.slice(file.whole), DAYS_ABREAST, judge)) {
      file.append(judged.days);
      plays += judged.plays;
      progress?.ended();
    }
  } finally {
    progress?.close();
  }
  return plays;
};

/** The models of a spec behind one process; null where no policy needs one. Throws BadInput where they cannot be used. */
const serverFor = async (
  { judged, models }: EvaluationSpec,
  python: () => Promise<string>,
): Promise<ScoringServer | null> => {
  const needed = models.filter(({ name }) => judged.some((one) => one.kind === "model" && one.model === name));
  if (needed.length === 0) return null;
  const server = await opened(needed, python);
  if (server.featuresHash === FEATURES_HASH) return server;
  await server.close();
  throw new BadInput(
    `the models were trained on features ${server.featuresHash}, and these are ${FEATURES_HASH}; train them again`,
  );
};

const opened = async (models: readonly ModelFolder[], python: () => Promise<string>): Promise<ScoringServer> => {
  try {
    return await openScoringServer({ python: await python(), models });
  } catch (cause) {
    if (cause instanceof ScoringServerFailed) throw new BadInput(cause.message, { cause });
    throw cause;
  }
};

type Report = Readonly<{ days: number; judgedBefore: number; policies: number; plays: number }>;

const sentence = ({ days, judgedBefore, policies, plays }: Report, out: string): string => {
  const before = judgedBefore === 0 ? "" : `, ${judgedBefore} of them before`;
  return `${days} days under ${policies} policies are in ${out}${before}; ${plays} plays`;
};
