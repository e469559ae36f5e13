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

type Sizes = Readonly<{ learntDays: number; judgedDays: number; training: readonly string[] }>;
/** As many days as the largest log of the protocol; to judge by as many: of 11,500 the gate said that 14,900 are needed. */
const WHOLE: Sizes = {
  ...{ learntDays: 20_000, judgedDays: 20_000 },
  // Sixteen passes instead of eight, and the heads that people are told of weigh more: half of the rank rests on one.
  training: ['--learner={"epochs": 16, "heads_weight": 0.5}'],
};
const QUICK: Sizes = {
  ...{ learntDays: 80, judgedDays: 16 },
  training: [
    "--slices=0.4,0.1,0.4,0.1",
    '--learner={"epochs": 1, "least_updates": 20, "members": 2, "width": 16}',
    '--behaviour={"updates": 20, "width": 16}',
  ],
};

/** Two streams of days: what is judged by was never learnt from. */
const SEEDS = { learnt: "1", judged: "2" } as const;
const PACKAGE = join(import.meta.dirname, "..", "..");

/**
 * `quell release`: people's days are simulated and learnt from, an agent's are simulated to judge by, and the gate says
 * whether the model is released. Whatever an earlier run made is not made again. The exit code is the gate's.
 */
export const release = async (
  flags: ReleaseFlags,
  screen: Screen,
  work: ReleaseWork = workWith(screen),
): Promise<ExitCode> => {
  const { out } = flags;
  const isQuick = flags.quick === true;
  const { learntDays, judgedDays, training } = isQuick ? QUICK : WHOLE;
  const folder = (name: string): string => join(out, name);
  const [learnt, judged, model] = [folder("people"), folder("agent"), folder("model")];
  await simulated(work, screen, { ...LOG, incidents: `${learntDays}`, seed: SEEDS.learnt, out: learnt });
  const step = stepsIn(folder("steps"), screen.writeError);
  const train = (from: string, to: string) => async (): Promise<string> => {
    rmSync(to, { recursive: true, force: true });
    const code = await work.python(["-m", "qnet", "release", `--episodes=${from}`, `--out=${to}`, ...training]);
    if (code !== 0) throw new BadInput(`${from}: no model came of it; what Python said above says why`);
    return hashOfFile(join(to, MANIFEST_FILE)) ?? "";
  };
  const made = { training, code: hashOfPython(), data: readSimulation(learnt)?.data_hash ?? "" };
  // A folder that holds another model than the one that this step left has it made again.
  const shape = z.string().refine((hash) => hash !== "" && hash === hashOfFile(join(model, MANIFEST_FILE)));
  await step({ name: "model", from: made, shape, make: train(learnt, model) });
  const agent = { behaviour: "agent", incidents: `${judgedDays}`, seed: SEEDS.judged, out: judged };
  await simulated(work, screen, { ...LOG, ...agent });
  return work.gate(
    {
      ...{ challenger: model, champion: "rules", episodes: judged, learnt, out: folder("gate"), days: "900" },
      ...(isQuick ? { quick: true as const } : { release: flags.release }),
      ...(flags.json === true ? { json: true as const } : {}),
    },
    screen,
  );
};

const LOG = {
  ...{ split: "whole", behaviour: "oncall", confounding: "mild", epsilon: "0.15", policy: "rules", broken: "0" },
  truth: false,
} as const;

const simulated = async (work: ReleaseWork, screen: Screen, flags: SimulateFlags): Promise<void> => {
  screen.writeError(`quell: ${flags.incidents} days in ${flags.out} ...\n`);
  await work.simulate(flags, { ...screen, write: () => {} });
};

/** Identifies the code that a model follows from. */
const hashOfPython = (): string =>
  hashOfFiles(
    PACKAGE,
    filesUnder(PACKAGE, "policies/qnet/qnet").filter(
      (path) => path.endsWith(".py") && !/\/(gate|experiment)\//.test(path),
    ),
  );
