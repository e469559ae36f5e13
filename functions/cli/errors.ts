import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CommanderError } from "commander";

/** 0 done · 1 it ran and the answer is no · 2 bad input · 3 Quell's own fault. */
export type ExitCode = 0 | 1 | 2 | 3;

/** What the person at the keyboard gave cannot be used. The message says what, where and what to do; no stack is shown. */
export class BadInput extends Error {
  override readonly name = "BadInput";
}

/** Writes text to a stream of the process; a parameter, so that a test can read what was said. */
export type Write = (text: string) => void;

/**
 * Says on stderr what went wrong and returns the exit code that it deserves. Commander has already spoken for itself.
 * An error that nobody foresaw is Quell's own fault: its stack goes to a file, whose path is said.
 */
export const exitCodeFor = (error: unknown, writeError: Write): ExitCode => {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof BadInput) {
    writeError(`quell: ${error.message}\n`);
    return 2;
  }
  const message = error instanceof Error ? error.message : String(error);
  writeError(`quell: this is a fault of Quell itself: ${message}\n`);
  writeError(`quell: the stack is in ${keepStack(error)}; please report it with that file\n`);
  return 3;
};

/** A directory of its own, readable by this user only: the temp dir is shared, and a stack may quote input. */
const keepStack = (error: unknown): string => {
  const file = join(mkdtempSync(join(tmpdir(), "quell-fault-")), "stack.txt");
  writeFileSync(file, `${stackOf(error)}\n`);
  return file;
};

const stackOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  const own = error.stack ?? `${error.name}: ${error.message}`;
  return error.cause === undefined ? own : `${own}\ncaused by ${stackOf(error.cause)}`;
};
