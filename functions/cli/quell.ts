#!/usr/bin/env node
import { Command } from "commander";
import { addAccount } from "./account-commands.ts";
import { type ExitCode, exitCodeFor } from "./errors.ts";
import type { GamedayFlags } from "./gameday-options.ts";
import { addLearning } from "./learning-commands.ts";
import type { ReplayFlags } from "./replay.ts";
import type { Screen } from "./screen.ts";
import { paintFor } from "./terminal-text.ts";

/**
 * Runs `quell` with these arguments and returns its exit code. Never throws, never exits.
 * Each command's code is loaded when it runs, so one command's weight is never another's.
 */
export const quell = async (args: readonly string[], screen: Screen): Promise<ExitCode> => {
  let code: ExitCode = 0;
  const program = commands(screen, (answer) => {
    code = answer;
  });
  try {
    await program.parseAsync([...args], { from: "user" });
    return code;
  } catch (error) {
    return exitCodeFor(error, screen.writeError);
  }
};

/** Takes the exit code of the command that ran. */
export type Answer = (code: ExitCode) => void;

const commands = (screen: Screen, answer: Answer): Command => {
  const program = new Command("quell")
    .description("Answers CloudWatch alarms: alarm in, verified and undoable remediation out.")
    .exitOverride()
    .configureOutput({ writeOut: screen.write, writeErr: screen.writeError })
    .showHelpAfterError("(quell --help lists the commands, quell COMMAND --help its flags)");
  addGameday(program, screen, answer);
  addReaders(program, screen, answer);
  addRecorders(program, screen);
  addRunbooks(program, screen, answer);
  addLearning(program, screen, answer);
  addAccount(program, screen, answer);
  return program;
};

const addGameday = (program: Command, screen: Screen, answer: Answer): void => {
  program
    .command("gameday")
    .description("Let Quell answer simulated incidents; exit 1 if an effect was doubled or an incident did not end.")
    .option("--incidents <count>", "simulated incidents, each in a world of its own", "12")
    .option("--seed <number>", "same seed, same incidents", "1")
    .option("--mode <mode>", "observe, approve or auto", "auto")
    .option(
      "--policy <name>",
      "qnet or clone of the released model; rules, page, uniform or drafter; bound or catalogue-bound, which look into the world for what is best (default: qnet where a model is released, else rules)",
    )
    .option(
      "--drafter <name>",
      "offline, or a hosted model that is asked over the network: anthropic, bedrock",
      "offline",
    )
    .option(
      "--approve <who>",
      "ask on this terminal, a scripted yes or no, or oncall: whoever is on call in the world (default: ask on a terminal, else yes)",
    )
    .option("--speed <factor>", "on a terminal a simulated minute takes 0.3 s divided by this", "1")
    .option("--store <file>", "keep all state in this SQLite file and go on where a killed run stopped")
    .option("--episodes <file>", "write the episode rows as JSON lines")
    .option(
      "--autonomy <path>",
      "let act alone what has earned it by these episodes: a folder that `quell simulate` wrote, or a gameday's store",
    )
    .option("--json", "one JSON document on stdout")
    .action(async (flags: GamedayFlags) => {
      const { gameday } = await import("./gameday.ts");
      answer(await gameday(flags, screen));
    });
};

/** What reads alarms and incidents of others. */
const addReaders = (program: Command, screen: Screen, answer: Answer): void => {
  program
    .command("ingest")
    .description("Say what each alarm in these files is, one JSON line an alarm; exit 2 if one is invalid.")
    .argument("<file...>", "alarm payloads, however AWS delivers them")
    .option("--json", "the same: the answer is JSON lines anyway")
    .action(async (files: readonly string[]) => {
      const { ingestCommand } = await import("./ingest.ts");
      const out = (line: string) => screen.write(`${line}\n`);
      answer(await ingestCommand(files, { out, err: (line) => screen.writeError(`${line}\n`) }));
    });
  program
    .command("replay")
    .description(
      "Let Quell answer a recorded incident, or every one in a folder of them; nothing can be changed in it.",
    )
    .argument("<dir>", "a folder with alarm.json, or a folder of such folders")
    .option("--mode <mode>", "observe, approve or auto", "observe")
    .option(
      "--policy <names>",
      "qnet or clone of the released model, rules, page, uniform or drafter; several, with commas between, are compared",
      "rules",
    )
    .option("--json", "the record as one JSON document on stdout")
    .action(async (dir: string, flags: ReplayFlags) => {
      const { replay } = await import("./replay.ts");
      answer(await replay(dir, flags, screen));
    });
};

const addRecorders = (program: Command, screen: Screen): void => {
  program
    .command("record-opensre")
    .description("Write recorded incidents from a folder of OpenSRE's synthetic RDS or EKS scenarios, one folder each.")
    .argument("<from>", "the folder that holds the scenarios' folders")
    .argument("<out>", "where to write the recorded incidents")
    .action(async (from: string, out: string) => {
      const { recordOpensre } = await import("./record-opensre.ts");
      for (const folder of recordOpensre(from, out)) screen.write(`${folder}\n`);
    });
  program
    .command("record-nab")
    .description(
      "Write recorded incidents from the CloudWatch series of the Numenta Anomaly Benchmark, one folder each.",
    )
    .argument("<from>", "the folder that holds the series as CSV files")
    .argument("<out>", "where to write the recorded incidents")
    .action(async (from: string, out: string) => {
      const { recordNab } = await import("./record-nab.ts");
      const { folders, notes } = recordNab(from, out);
      for (const note of notes) screen.writeError(`quell: ${note}\n`);
      for (const folder of folders) screen.write(`${folder}\n`);
    });
};

const addRunbooks = (program: Command, screen: Screen, answer: Answer): void => {
  const runbooks = program.command("runbooks").description("The catalogue: what Quell can do.");
  runbooks
    .command("list", { isDefault: true })
    .description("List the runbooks: what each does, when it suits, how many must consent, how often it helped.")
    .option("--store <file>", "count how often each helped in the gameday that this file keeps")
    .option("--json", "one JSON document on stdout")
    .action(async (flags: Readonly<{ json?: true; store?: string }>) => {
      const { listRunbooks } = await import("./runbooks.ts");
      answer(await listRunbooks(flags, screen));
    });
  runbooks
    .command("show")
    .description("Show everything about one runbook: parameters, steps, undo, permissions.")
    .argument("<id>", "as `quell runbooks list` shows it, with its version or without")
    .option("--json", "one JSON document on stdout")
    .action(async (id: string, flags: Readonly<{ json?: true }>) => {
      const { showRunbook } = await import("./runbooks.ts");
      answer(await showRunbook(id, flags, screen));
    });
  runbooks
    .command("lint")
    .description("Check every runbook against the house's rules; exit 1 on a finding.")
    .option("--json", "one JSON document on stdout")
    .action(async (flags: Readonly<{ json?: true }>) => {
      const { lintRunbooks } = await import("./runbooks.ts");
      answer(await lintRunbooks(flags.json === true, screen.write));
    });
  program
    .command("docs")
    .description("Write the catalogue as one HTML page that needs nothing else, for people to read.")
    .option("--out <file>", "write it to this file instead of stdout")
    .action(async (flags: Readonly<{ out?: string }>) => {
      const { docs } = await import("./docs.ts");
      answer(await docs(flags, screen));
    });
};

if (import.meta.main) {
  // A reader that went away (`| head`) is no fault of anybody: stop quietly.
  process.stdout.on("error", () => process.exit(0));
  process.exitCode = await quell(process.argv.slice(2), {
    write: (text) => process.stdout.write(text),
    writeError: (text) => process.stderr.write(text),
    paint: paintFor(process.stdout),
    isLive: process.stdout.isTTY === true,
    isErrorLive: process.stderr.isTTY === true,
    canAsk: process.stdin.isTTY === true && process.stdout.isTTY === true,
  });
}
