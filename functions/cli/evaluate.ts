import { onCallPeople } from "../adapters/simulated/on-call.ts";
import { FEATURES_HASH } from "../core/features.ts";
import { sha256 } from "../core/ids.ts";
import type { PastRun } from "../core/track-record.ts";
import { abreast } from "../rollout/abreast.ts";
import { testDays } from "../rollout/days/days.ts";
import { judgeDay } from "../rollout/evaluation-day.ts";
import { chooserOf, type JudgedPolicy } from "../rollout/evaluation-policies.ts";
import type { ExitCode, Write } from "./errors.ts";
import { openEvaluation, type Place } from "./evaluate-file.ts";
import { learntLoader } from "./evaluate-learnt.ts";
import { type LoadLearnt, type Models, openModels } from "./evaluate-models.ts";
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
 * @param python the interpreter that models are scored with @param load of the models that know their limits
 */
export const evaluate = async (
  flags: EvaluateFlags,
  screen: Screen,
  python: (writeError: Write) => Promise<string> = pythonFor,
  load: LoadLearnt = learntLoader(),
): Promise<ExitCode> => {
  const spec = readSpec(flags.spec);
  const tasks = tasksOf(spec);
  const past = await pastIn(spec.trackRecord);
  const models = await openModels(spec, () => python(screen.writeError), load);
  try {
    const file = openEvaluation(flags.out, whatDecides(spec, past), tasks.map(placesOf));
    const judgedBefore = file.whole;
    const plays = await play(spec, tasks, { past, models, file, screen });
    const report = { schema: 1, days: tasks.length, judgedBefore, policies: spec.policies.length, plays };
    screen.write(flags.json === true ? `${JSON.stringify(report)}\n` : `${sentence(report, flags.out)}\n`);
    return 0;
  } finally {
    await models.close();
  }
};

const tasksOf = ({ worlds, daysPerWorld, judged, seerDays }: EvaluationSpec): readonly Task[] =>
  Array.from({ length: (worlds.end - worlds.first) * daysPerWorld }, (_, place) => {
    const day = place % daysPerWorld;
    const policies = judged.filter((policy) => chooserOf(policy).kind !== "seer" || day < seerDays);
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
  models: Models;
  file: ReturnType<typeof openEvaluation>;
  screen: Screen;
}>;

/** Plays what the file has not; returns how often a day was played for it. */
const play = async (
  spec: EvaluationSpec,
  tasks: readonly Task[],
  { past, models, file, screen }: Stage,
): Promise<number> => {
  const answering = spec.answers === "oncall" ? { people: onCallPeople } : {};
  const progress =
    screen.isErrorLive === true
      ? progressOn(screen.writeError, tasks.length, file.whole, () => performance.now())
      : null;
  let plays = 0;
  try {
    const judge = ({ world, day, policies }: Task) =>
      judgeDay(
        { world, day, drawn: testDays(spec.seed, world, spec)(day), past, ...answering },
        policies,
        models.ask,
        models.knowing,
      );
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

type Report = Readonly<{ days: number; judgedBefore: number; policies: number; plays: number }>;

const sentence = ({ days, judgedBefore, policies, plays }: Report, out: string): string => {
  const before = judgedBefore === 0 ? "" : `, ${judgedBefore} of them before`;
  return `${days} days under ${policies} policies are in ${out}${before}; ${plays} plays`;
};
