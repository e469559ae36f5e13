import type { Command } from "commander";
import type { EvaluateFlags } from "./evaluate.ts";
import type { GateFlags } from "./gate-options.ts";
import type { StatusFlags } from "./learning-status.ts";
import type { Answer } from "./quell.ts";
import type { ReleaseFlags } from "./release.ts";
import type { ScoreFlags } from "./score.ts";
import type { Screen } from "./screen.ts";
import type { SimulateFlags } from "./simulate-options.ts";
import type { TrainFlags } from "./train.ts";

/** What makes logs, learns from them and judges what was learnt. */
export const addLearning = (program: Command, screen: Screen, answer: Answer): void => {
  addSimulate(program, screen, answer);
  addTrain(program, screen, answer);
  addScore(program, screen, answer);
  addEvaluate(program, screen, answer);
  addGate(program, screen, answer);
  addRelease(program, screen, answer);
  addTable(program, screen, answer);
  addStatus(program, screen, answer);
};

const addSimulate = (program: Command, screen: Screen, answer: Answer): void => {
  program
    .command("simulate")
    .description("Write a log of simulated incidents as Parquet episodes; a stopped run goes on where it was.")
    .requiredOption("--out <dir>", "folder for the episodes; what only the simulator knows goes into its truth folder")
    .option("--incidents <count>", "simulated days, an incident or two on each", "2000")
    .option("--seed <number>", "same seed, same days", "1")
    .option(
      "--split <name>",
      "train; test: days with families and services that train never has; whole: nothing is held out",
      "train",
    )
    .option(
      "--behaviour <who>",
      "oncall: the world's people choose; agent: a policy does, and logs propensities",
      "oncall",
    )
    .option("--confounding <degree>", "how often people know what no log has: none, mild or strong", "mild")
    .option("--epsilon <share>", "how often the agent takes another candidate of those that tie", "0.15")
    .option(
      "--policy <name>",
      "the agent's policy: rules, drafter, page or uniform, qnet or clone, or a folder with a model",
      "rules",
    )
    .option("--broken <share>", "share of the runbooks whose rules speak for the wrong evidence", "0")
    .option(
      "--autonomy <share>",
      "let the agent's runbooks earn to act alone where at most this share of runs does harm",
    )
    .option("--no-truth", "do not find out what each action did in truth: a quarter faster")
    .option("--json", "one JSON document on stdout")
    .action(async (flags: SimulateFlags) => {
      const { simulateCommand } = await import("./simulate.ts");
      answer(await simulateCommand(flags, screen));
    });
};

const addTrain = (program: Command, screen: Screen, answer: Answer): void => {
  program
    .command("train")
    .description("Train a learner on a log of episodes, in a Python environment that is made when it is first needed.")
    .requiredOption("--episodes <dir>", "a folder that `quell simulate` wrote")
    .requiredOption("--learner <name>", "cloning, table, one-step, fitted, dqn, cql or iql")
    .option("--seed <number>", "same seed and log, same model", "1")
    .option("--first <count>", "learn from only the first so many days that have a decision")
    .option("--config <json>", "fields of the learner's config that differ, for instance '{\"alpha\": 0}'")
    .option("--out <dir>", "folder of the model (default: .quell/models/LEARNER-SEED)")
    .option("--checkpoint <file>", "where a stopped run goes on from (default: checkpoint.pt in the model's folder)")
    .option("--device <name>", "auto, cpu or cuda", "auto")
    .option("--json", "one JSON document on stdout")
    .action(async (flags: TrainFlags) => {
      const { train } = await import("./train.ts");
      answer(await train(flags, screen));
    });
};

const addScore = (program: Command, screen: Screen, answer: Answer): void => {
  program
    .command("score")
    .description("Write what a policy would have proposed where a log was written; exit 1 if a row cannot be replayed.")
    .requiredOption(
      "--policy <name>",
      "rules, drafter, page, uniform, clone or qnet, or a folder with model.onnx and manifest.json",
    )
    .requiredOption("--episodes <dir>", "a folder of episodes; of each decision its newest row counts")
    .option("--out <dir>", "folder for the rows with their target_prob (default: scored/NAME in the log's)")
    .option("--epsilon <share>", "how often the policy takes another candidate of those that tie", "0")
    .option("--json", "one JSON document on stdout")
    .action(async (flags: ScoreFlags) => {
      const { score } = await import("./score.ts");
      answer(await score(flags, screen));
    });
};

const addEvaluate = (program: Command, screen: Screen, answer: Answer): void => {
  program
    .command("evaluate")
    .description("Play the days of sealed worlds under many policies; a stopped run goes on where it was.")
    .requiredOption("--spec <file>", "which worlds, days, models and policies, as JSON")
    .requiredOption("--out <file>", "one JSON line a day and policy; what is there already is not played again")
    .option("--json", "one JSON document on stdout")
    .action(async (flags: EvaluateFlags) => {
      const { evaluate } = await import("./evaluate.ts");
      answer(await evaluate(flags, screen));
    });
};

const addStatus = (program: Command, screen: Screen, answer: Answer): void => {
  program
    .command("learning")
    .description("What was learnt, and what it may do.")
    .command("status")
    .description("Say which policy acts and why, and how far each runbook is from acting without a person's consent.")
    .option("--episodes <dir>", "count what these episodes say; a folder that `quell simulate` wrote")
    .option("--store <file>", "count what the gameday in this file says")
    .option("--autonomy <share>", "the share of runs that may do harm (default: as the episodes were made, else 0.05)")
    .option("--json", "one JSON document on stdout")
    .action(async (flags: StatusFlags) => {
      const { learningStatus } = await import("./learning-status.ts");
      answer(await learningStatus(flags, screen));
    });
};

const addTable = (program: Command, screen: Screen, answer: Answer): void => {
  program
    .command("table")
    .description("Simulate, train and evaluate as policies/qnet/protocol.json says, and write the table of policies.")
    // Python knows the flags: they go through as they are.
    .helpOption(false)
    .allowUnknownOption()
    .allowExcessArguments()
    .action(async (_: unknown, { args }: Command) => {
      const { table } = await import("./table.ts");
      answer(await table(args, screen.writeError));
    });
};

const addGate = (program: Command, screen: Screen, answer: Answer): void => {
  program
    .command("gate")
    .description("Judge whether a challenger may take the champion's place; exit 1 if it may not, or nobody can tell.")
    .requiredOption("--challenger <name>", "a policy, or a folder that `qnet release` wrote")
    .requiredOption("--champion <name>", "what is deployed: a policy, or such a folder")
    .requiredOption("--episodes <dir>", "a log that an agent wrote with propensities")
    .option("--training <dir>", "the folder of `qnet release` that made the challenger (default: its own)")
    .option("--learnt <dirs...>", "the logs that the challenger was trained on")
    .option("--shuffled <dir>", "a model of the same logs whose outcomes were shuffled, for the leak test")
    .requiredOption(
      "--out <dir>",
      "folder for the verdict, the report and all that they rest on; a stopped run goes on",
    )
    .option("--days <count>", "simulated days for each family of faults", "900")
    .option("--release <dir>", "where a model that passed is put, with its report")
    .option("--quick", "every step on next to nothing: the verdict is of a toy")
    .option("--json", "one JSON document on stdout")
    .action(async (flags: GateFlags) => {
      const { gate } = await import("./gate.ts");
      answer(await gate(flags, screen));
    });
};

const addRelease = (program: Command, screen: Screen, answer: Answer): void => {
  program
    .command("release")
    .description("Simulate logs, train, gate and release a model; what an earlier run made is not made again.")
    .requiredOption("--out <dir>", "folder for logs, models and verdicts")
    .option("--release <dir>", "where a model that passed is put", "policies/qnet/released")
    .option("--quick", "toy sizes: it releases nothing")
    .option("--json", "one JSON document on stdout")
    .action(async (flags: ReleaseFlags) => {
      const { release } = await import("./release.ts");
      answer(await release(flags, screen));
    });
};
