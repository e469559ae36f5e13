import { accessSync, constants, mkdirSync } from "node:fs";
import { join } from "node:path";
import { ownersLimit } from "../core/autonomy.ts";
import { hashOf } from "../core/ids.ts";
import { type Days, type SPLITS, testDays, trainDays, wholeDays } from "../rollout/days/days.ts";
import type { Log } from "../rollout/days/log.ts";
import { peopleChoose } from "../rollout/days/people-choose.ts";
import { OtherLog, type Simulation, simulate } from "../rollout/simulation.ts";
import { simulatorHash } from "./code-hash.ts";
import { BadInput, type ExitCode } from "./errors.ts";
import { progressOn } from "./gameday-progress.ts";
import { type TargetPolicy, targetPolicy } from "./score-policy.ts";
import type { Screen } from "./screen.ts";
import { type SimulateFlags, type SimulateOptions, simulateOptions } from "./simulate-options.ts";

/** `quell simulate`: writes a log of simulated incidents as episodes, to learn from or to judge by. */
export const simulateCommand = async (flags: SimulateFlags, screen: Screen): Promise<ExitCode> => {
  const options = simulateOptions(flags);
  const agent = await targetPolicy(options.policy, options.epsilon);
  try {
    return await simulated(options, agent, screen);
  } finally {
    await agent.close();
  }
};

const simulated = async (options: SimulateOptions, agent: TargetPolicy, screen: Screen): Promise<ExitCode> => {
  refuseUnwritable(options.out);
  const progress =
    screen.isErrorLive === true ? progressOn(screen.writeError, options.incidents, 0, () => performance.now()) : null;
  try {
    const simulation = await simulate(
      logOf(options, agent),
      options.out,
      options.incidents,
      askedOf(options, agent),
      (days) => {
        for (let day = 0; day < days; day += 1) progress?.ended();
      },
    );
    screen.write(options.json ? `${JSON.stringify(simulation)}\n` : `${summaryOf(options, simulation)}\n`);
    return 0;
  } catch (error) {
    if (error instanceof OtherLog) throw new BadInput(error.message);
    throw error;
  } finally {
    progress?.close();
  }
};

/** Asked before anything is played; makes the folders that are not there. */
const refuseUnwritable = (out: string): void => {
  try {
    const truth = join(out, "truth");
    mkdirSync(truth, { recursive: true });
    for (const folder of [out, truth]) accessSync(folder, constants.W_OK);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new BadInput(`--out ${out}: cannot be written (${why}); name a folder that is there or can be made`, {
      cause,
    });
  }
};

/** All that decides what the rows are; neither how many there are nor what is written beside them is among it. */
const askedOf = (options: SimulateOptions, { scorer }: TargetPolicy): Simulation["asked"] => {
  const { seed, split, behaviour, confounding, broken, epsilon, autonomy } = options;
  const asked = { seed, split, behaviour, confounding, broken };
  // People on call have a way of their own: no policy, and nothing to explore.
  if (behaviour === "oncall") return asked;
  const model = scorer.modelHash === "" ? {} : { model: scorer.modelHash };
  return { ...asked, policy: scorer.policy, ...model, epsilon, ...(autonomy === undefined ? {} : { autonomy }) };
};

const DAYS: Readonly<Record<(typeof SPLITS)[number], typeof trainDays>> = {
  train: trainDays,
  test: (seed, wishes): Days => testDays(`${seed}`, 0, wishes),
  whole: wholeDays,
};

const logOf = (options: SimulateOptions, agent: TargetPolicy): Log => {
  const { seed, split, confounding, behaviour, truth, autonomy } = options;
  return {
    name: `${split}-${confounding}-${seed}`,
    worldHash: hashOf({ code: simulatorHash(), ...askedOf(options, agent) }),
    days: DAYS[split](seed, options),
    behaviour: { source: behaviour },
    judge: truth,
    ...(autonomy === undefined ? {} : { autonomy: ownersLimit(autonomy) }),
    policyOn: (day) => (behaviour === "oncall" ? (world) => peopleChoose(day.catalogue, world) : () => agent.scorer),
  };
};

const summaryOf = ({ out, autonomy }: SimulateOptions, { incidents, rows, parts, data_hash }: Simulation): string => {
  const written = `${out}: ${incidents} simulated days, ${rows} decisions in ${parts.length} files, data ${data_hash.slice(0, 12)}`;
  if (autonomy === undefined) return written;
  return `${written}\nIts simulated world counted as the account: what was earned in it, \`quell learning status --episodes ${out}\` says.`;
};
