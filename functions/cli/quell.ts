#!/usr/bin/env node
import { Command } from "commander";
import { type ExitCode, exitCodeFor, type Write } from "./errors.ts";
import type { GamedayFlags } from "./gameday-options.ts";
import type { ReplayFlags } from "./replay.ts";
import { type Paint, paintFor } from "./timeline.ts";

/** Where a command speaks. `isLive`: somebody watches stdout; `canAsk`: and can be asked on stdin. */
export type Terminal = Readonly<{ write: Write; writeError: Write; paint: Paint; isLive: boolean; canAsk: boolean }>;

/**
 * Runs `quell` with these arguments and returns its exit code. Never throws, never exits.
 * Each command's code is loaded when it runs, so one command's weight is never another's.
 */
export const quell = async (args: readonly string[], terminal: Terminal): Promise<ExitCode> => {
  let code: ExitCode = 0;
  const program = commands(terminal, (answer) => {
    code = answer;
  });
  try {
    await program.parseAsync([...args], { from: "user" });
    return code;
  } catch (error) {
    return exitCodeFor(error, terminal.writeError);
  }
};

const commands = (terminal: Terminal, answer: (code: ExitCode) => void): Command => {
  const program = new Command("quell")
    .description("Answers CloudWatch alarms: alarm in, verified and undoable remediation out.")
    .exitOverride()
    .configureOutput({ writeOut: terminal.write, writeErr: terminal.writeError })
    .showHelpAfterError("(quell --help lists the commands, quell COMMAND --help its flags)");
  program
    .command("gameday")
    .description("Let Quell answer simulated incidents; exit 1 if an effect was doubled or an incident did not end.")
    .option("--incidents <count>", "simulated incidents, one after the other", "12")
    .option("--seed <number>", "same seed, same incidents", "1")
    .option("--mode <mode>", "observe, approve or auto", "auto")
    .option("--policy <name>", "rules, page, uniform or drafter", "rules")
    .option(
      "--drafter <name>",
      "offline, or a hosted model that is asked over the network: anthropic, bedrock",
      "offline",
    )
    .option("--approve <who>", "ask on this terminal, or a scripted yes or no (default: ask on a terminal, else yes)")
    .option("--speed <factor>", "on a terminal a simulated minute takes 0.3 s divided by this", "1")
    .option("--store <file>", "keep all state in this SQLite file and go on where a killed run stopped")
    .option("--episodes <file>", "write the episode rows as JSON lines")
    .option("--json", "one JSON document on stdout")
    .action(async (flags: GamedayFlags) => {
      const { gameday } = await import("./gameday.ts");
      answer(await gameday(flags, terminal));
    });
  program
    .command("ingest")
    .description("Say what each alarm in these files is, one JSON line an alarm; exit 2 if one is invalid.")
    .argument("<file...>", "alarm payloads, however AWS delivers them")
    .option("--json", "the same: the answer is JSON lines anyway")
    .action(async (files: readonly string[]) => {
      const { ingestCommand } = await import("./ingest.ts");
      const out = (line: string) => terminal.write(`${line}\n`);
      answer(await ingestCommand(files, { out, err: (line) => terminal.writeError(`${line}\n`) }));
    });
  program
    .command("replay")
    .description(
      "Let Quell answer a recorded incident, or every one in a folder of them; nothing can be changed in it.",
    )
    .argument("<dir>", "a folder with alarm.json, or a folder of such folders")
    .option("--mode <mode>", "observe, approve or auto", "observe")
    .option("--policy <name>", "rules, page, uniform or drafter", "rules")
    .option("--json", "the record as one JSON document on stdout")
    .action(async (dir: string, flags: ReplayFlags) => {
      const { replay } = await import("./replay.ts");
      answer(await replay(dir, flags, terminal));
    });
  addRecorders(program, terminal);
  const runbooks = program.command("runbooks").description("The catalogue: what Quell can do.");
  runbooks
    .command("list", { isDefault: true })
    .description("List the runbooks.")
    .option("--json", "one JSON document on stdout")
    .action(async (flags: Readonly<{ json?: true }>) => {
      const { listRunbooks } = await import("./runbooks.ts");
      answer(await listRunbooks(flags.json === true, terminal.write));
    });
  runbooks
    .command("lint")
    .description("Check every runbook against the house's rules; exit 1 on a finding.")
    .option("--json", "one JSON document on stdout")
    .action(async (flags: Readonly<{ json?: true }>) => {
      const { lintRunbooks } = await import("./runbooks.ts");
      answer(await lintRunbooks(flags.json === true, terminal.write));
    });
  return program;
};

const addRecorders = (program: Command, terminal: Terminal): void => {
  program
    .command("record-opensre")
    .description("Write recorded incidents from a folder of OpenSRE's synthetic RDS or EKS scenarios, one folder each.")
    .argument("<from>", "the folder that holds the scenarios' folders")
    .argument("<out>", "where to write the recorded incidents")
    .action(async (from: string, out: string) => {
      const { recordOpensre } = await import("./record-opensre.ts");
      for (const folder of recordOpensre(from, out)) terminal.write(`${folder}\n`);
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
      for (const note of notes) terminal.writeError(`quell: ${note}\n`);
      for (const folder of folders) terminal.write(`${folder}\n`);
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
    canAsk: process.stdin.isTTY === true && process.stdout.isTTY === true,
  });
}
