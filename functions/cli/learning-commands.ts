import type { Command } from "commander";
import type { EvaluateFlags } from "./evaluate.ts";
import type { Answer } from "./quell.ts";
import type { Screen } from "./screen.ts";
import type { SimulateFlags } from "./simulate-options.ts";
import type { TrainFlags } from "./train.ts";

/** What makes logs, learns from them and judges what was learnt. */
export const addLearning = (program: Command, screen: Screen, answer: Answer): void => {
  addSimulate(program, screen, answer);
  addTrain(program, screen, answer);
  addEvaluate(program, screen, answer);
  addTable(program, screen, answer);
};

const addSimulate = (program: Command, screen: Screen, answer: Answer): void => {
  program
    .command("simulate")
    .description("Write a log of simulated incidents as Parquet episodes; a stopped run goes on where it was.")
    .requiredOption("--out <dir>", "folder for the episodes; what only the simulator knows goes into its truth folder")
    .option("--incidents <count>", "simulated days, an incident or two on each", "2000")
    .option("--seed <number>", "same seed, same days", "1")
    .option("--split <name>", "train, or test: days with families and services that train never has", "train")
    .option(
      "--behaviour <who>",
      "oncall: the world's people choose; agent: a policy does, and logs propensities",
      "oncall",
    )
    .option("--confounding <degree>", "how often people know what no log has: none, mild or strong", "mild")
    .option("--epsilon <share>", "how often the agent takes another candidate of those that tie", "0.15")
    .option("--policy <name>", "the agent's policy: rules, drafter, page or uniform", "rules")
    .option("--broken <share>", "share of the runbooks whose rules speak for the wrong evidence", "0")
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
