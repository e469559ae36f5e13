import { tmpdir } from "node:os";
import { join } from "node:path";
import { CHECKS } from "./doctor-checks.ts";
import { type Check, type Finding, problem, type Setup } from "./doctor-finding.ts";
import type { ExitCode } from "./errors.ts";
import type { Screen } from "./screen.ts";
import { type Format, paintFor, plain } from "./terminal-text.ts";

type Checked = Finding & Readonly<{ name: string; milliseconds: number }>;

/** Before this nobody wonders whether it hangs; after it, and as often, a live terminal hears what is looked at. */
const PATIENCE_MS = 2000;

/** `quell doctor`: whether Quell can work here. 1 = a problem. Lines come as their checks end; `--json` is one document. */
export const doctor = async (
  json: boolean,
  screen: Screen,
  setup: Setup = thisMachine(),
  checks: readonly Check[] = CHECKS,
  patienceMs = PATIENCE_MS,
): Promise<ExitCode> => {
  const width = Math.max(...checks.map(({ name }) => name.length));
  const checked: Checked[] = [];
  let current = "";
  const waiting = setInterval(() => {
    if (screen.isLive) screen.writeError(`quell: still looking at ${current} ...\n`);
  }, patienceMs);
  try {
    for (const check of checks) {
      current = check.name;
      const one = await examined(check, setup);
      checked.push(one);
      if (!json) screen.write(lines(one, width, screen));
    }
  } finally {
    clearInterval(waiting);
  }
  const isWell = checked.every(({ status }) => status !== "problem");
  screen.write(json ? `${JSON.stringify({ schema: 1, ok: isWell, checks: checked })}\n` : `${summary(checked)}\n`);
  return isWell ? 0 : 1;
};

const thisMachine = (): Setup => ({
  root: join(import.meta.dirname, "..", ".."),
  env: process.env,
  nowMs: Date.now(),
  temporary: tmpdir(),
  node: {
    version: process.versions.node,
    stripsTypes: process.features.typescript !== false,
    knowsMain: typeof import.meta.main === "boolean",
  },
});

const examined = async (check: Check, setup: Setup): Promise<Checked> => {
  const startedMs = performance.now();
  const finding = await foundBy(check, setup);
  return { name: check.name, ...finding, milliseconds: Math.round(performance.now() - startedMs) };
};

const foundBy = async ({ run }: Check, setup: Setup): Promise<Finding> => {
  try {
    return await run(setup);
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    return problem(`it could not be checked: ${detail}`, "run npm ci; if it stays, report it with this line");
  }
};

const FORMATS: Readonly<Record<Finding["status"], Format>> = { ok: "green", warning: "yellow", problem: "red" };

const lines = ({ name, status, found, advice }: Checked, width: number, { paint }: Screen): string => {
  const shown = `${paint(FORMATS[status], status.padEnd("problem".length))}  ${name.padEnd(width)}  ${plain(found)}\n`;
  return advice === null ? shown : `${shown}${" ".repeat("problem".length + width + 4)}what to do: ${plain(advice)}\n`;
};

const summary = (checked: readonly Checked[]): string => {
  const count = (asked: Finding["status"]): number => checked.filter(({ status }) => status === asked).length;
  return `doctor: ${checked.length} checks; problems: ${count("problem")}, warnings: ${count("warning")}`;
};

// `node functions/cli/doctor.ts` needs no package, so it also works where the trouble is that none is installed.
if (import.meta.main) {
  process.exitCode = await doctor(process.argv.includes("--json"), {
    write: (text) => process.stdout.write(text),
    writeError: (text) => process.stderr.write(text),
    paint: paintFor(process.stdout),
    isLive: process.stdout.isTTY === true,
    canAsk: false,
  });
}
