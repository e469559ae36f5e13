import { rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { MANIFEST_FILE } from "../adapters/onnx/load-model.ts";
import { readSimulation } from "../rollout/simulation.ts";
import { filesUnder, hashOfFiles } from "./code-hash.ts";
import { BadInput, type ExitCode } from "./errors.ts";
import { gate } from "./gate.ts";
import { hashOfFile } from "./gate-log.ts";
import type { GateFlags } from "./gate-options.ts";
import { stepsIn } from "./gate-steps.ts";
import { runPython } from "./python.ts";
import type { Screen } from "./screen.ts";
import { simulateCommand } from "./simulate.ts";
import type { SimulateFlags } from "./simulate-options.ts";

/** The flags as commander hands them over. */
export type ReleaseFlags = Readonly<{ out: string; release: string; quick?: true; json?: true }>;

/** What of a release is done elsewhere; a parameter, so that a test can hear what is asked of it. */
export type ReleaseWork = Readonly<{
  simulate: (flags: SimulateFlags, screen: Screen) => Promise<ExitCode>;
  python: (args: readonly string[]) => Promise<ExitCode>;
  gate: (flags: GateFlags, screen: Screen) => Promise<ExitCode>;
}>;

const workWith = (screen: Screen): ReleaseWork => ({
  simulate: simulateCommand,
  python: (args) => runPython(args, screen.writeError, "ignore"),
  gate,
});

type Sizes = Readonly<{ days: number; judgedDays: number; training: readonly string[] }>;
/** As many days as the largest log of the protocol; to judge by as many: of 11,500 the gate said that 14,900 are needed. */
const WHOLE: Sizes = {
  ...{ days: 20_000, judgedDays: 20_000 },
  // Sixteen passes instead of eight, and the heads that people are told of weigh more: half of the rank rests on one.
  training: ['--learner={"epochs": 16, "heads_weight": 0.5}'],
};
const QUICK: Sizes = {
  ...{ days: 80, judgedDays: 16 },
  training: [
    "--slices=0.4,0.1,0.4,0.1",
    '--learner={"epochs": 1, "least_updates": 20, "members": 2, "width": 16}',
    '--behaviour={"updates": 20, "width": 16}',
  ],
};

/**
 * Streams of days, each a folder. What rules do where people call each other is learnt from an agent that explores; what
 * is judged by was never learnt from.
 */
const STREAMS = {
  people: { behaviour: "oncall", seed: "1" },
  agent: { behaviour: "agent", seed: "3" },
  judged: { behaviour: "agent", seed: "2" },
} as const;
/** Of 900 days of a family the harm of one that acts on every fourth was bounded within 2.1 points; 2 are asked for. */
const FAMILY_DAYS = "1500";
const PACKAGE = join(import.meta.dirname, "..", "..");

/**
 * `quell release`: people's days and an agent's are simulated and learnt from, others of the agent to judge by, and the
 * gate says whether the model is released. Whatever an earlier run made is not made again. The exit code is the gate's.
 */
export const release = async (
  flags: ReleaseFlags,
  screen: Screen,
  work: ReleaseWork = workWith(screen),
): Promise<ExitCode> => {
  const { out } = flags;
  const isQuick = flags.quick === true;
  const { days, judgedDays, training } = isQuick ? QUICK : WHOLE;
  const log = async (name: keyof typeof STREAMS, incidents: number): Promise<string> => {
    const folder = join(out, name);
    screen.writeError(`quell: ${incidents} days in ${folder} ...\n`);
    const flags = { ...LOG, ...STREAMS[name], incidents: `${incidents}`, out: folder };
    await work.simulate(flags, { ...screen, write: () => {} });
    return folder;
  };
  const learnt = [await log("people", days), await log("agent", days)];
  const step = stepsIn(join(out, "steps"), screen.writeError);
  const data = learnt.map((folder) => readSimulation(folder)?.data_hash ?? "");
  const trained = async (name: string, flags: readonly string[]): Promise<string> => {
    const folder = join(out, name);
    const make = async (): Promise<string> => {
      rmSync(folder, { recursive: true, force: true });
      const episodes = learnt.map((one) => `--episodes=${one}`);
      const code = await work.python(["-m", "qnet", "release", ...episodes, `--out=${folder}`, ...flags]);
      if (code !== 0) throw new BadInput(`${learnt.join(", ")}: no model came of it; what Python said above says why`);
      return hashOfFile(join(folder, MANIFEST_FILE)) ?? "";
    };
    // A folder that holds another model than the one that this step left has it made again.
    const shape = z.string().refine((hash) => hash !== "" && hash === hashOfFile(join(folder, MANIFEST_FILE)));
    await step({ name, from: { flags, code: hashOfPython(), data }, shape, make });
    return folder;
  };
  const model = await trained("model", training);
  const shuffled = await trained("shuffled", [...training, "--shuffled"]);
  const judged = await log("judged", judgedDays);
  return work.gate(
    {
      ...{ challenger: model, champion: "rules", episodes: judged, learnt, shuffled },
      ...{ out: join(out, "gate"), days: FAMILY_DAYS },
      ...(isQuick ? { quick: true as const } : { release: flags.release }),
      ...(flags.json === true ? { json: true as const } : {}),
    },
    screen,
  );
};

const LOG = {
  ...{ split: "whole", confounding: "mild", epsilon: "0.15", policy: "rules", broken: "0" },
  truth: false,
} as const;

/** Identifies the code that a model follows from. */
const hashOfPython = (): string =>
  hashOfFiles(
    PACKAGE,
    filesUnder(PACKAGE, "policies/qnet/qnet").filter(
      (path) => path.endsWith(".py") && !/\/(gate|experiment)\//.test(path),
    ),
  );
