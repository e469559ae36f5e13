import { execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  createWriteStream,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

/** The Python package, with its requirements.txt; its environment lies in `.venv` of this folder. */
const QNET_FOLDER: string = join(import.meta.dirname, "../../../policies/qnet");

/** There is no Python to train with, and none can be made. The message says why, and what to do. */
export class NoPython extends Error {
  override readonly name = "NoPython";
}

type Surroundings = Readonly<{
  /** Holds requirements.txt. */
  folder: string;
  /** Takes lines about what is going on, for a person; making an environment takes minutes. */
  say: (line: string) => void;
  /** Where interpreters are searched, first one first. */
  interpreters: readonly string[];
  /** An interpreter that somebody brings, with what requirements.txt asks for; nobody checks that. */
  own: string | undefined;
  /** So long without a sign of life, and a process that was making the environment counts as dead. */
  patienceMs: number;
}>;

const place = (): Surroundings => ({
  folder: QNET_FOLDER,
  say: (line) => process.stderr.write(`quell: ${line}\n`),
  interpreters: ["python3.13", "python3.12", "python3.11", "python3"],
  own: process.env.QUELL_PYTHON,
  patienceMs: 30_000,
});
const OLDEST = [3, 11] as const;
const ADVICE = "install Python 3.11 to 3.13 with its venv and pip (Debian: apt-get install python3 python3-venv)";

const environmentIn = (folder: string): string => join(folder, ".venv");
const interpreterIn = (folder: string): string => join(environmentIn(folder), "bin", "python");
/** Written last: an environment without it, or with another hash in it, is not whole. */
const markerIn = (folder: string): string => join(environmentIn(folder), "requirements.sha256");

const requirementsHash = (folder: string): string =>
  createHash("sha256")
    .update(readFileSync(join(folder, "requirements.txt")))
    .digest("hex");

const isReady = (folder: string): boolean =>
  existsSync(interpreterIn(folder)) &&
  existsSync(markerIn(folder)) &&
  readFileSync(markerIn(folder), "utf8") === requirementsHash(folder);

/** The variables of a process that finds the package, before whatever else PYTHONPATH names. */
export const pythonEnvironment = (): NodeJS.ProcessEnv => {
  const paths = [QNET_FOLDER, process.env.PYTHONPATH ?? ""].filter((path) => path !== "");
  return { ...process.env, PYTHONPATH: paths.join(delimiter) };
};

/**
 * The interpreter of an environment that has exactly what requirements.txt asks for; it is made where it is missing or
 * older, unless somebody brings another ($QUELL_PYTHON). A crash in the middle leaves a folder without its marker, which the next call
 * makes anew. Of several processes one makes it and the others wait. Throws NoPython where no interpreter is found or pip
 * fails.
 */
export const ensurePython = async (surroundings: Partial<Surroundings> = {}): Promise<string> => {
  const here = { ...place(), ...surroundings };
  const { folder, own } = here;
  if (own !== undefined) return own;
  if (isReady(folder)) return interpreterIn(folder);
  const release = await lock(here);
  try {
    if (!isReady(folder)) await make(here);
  } finally {
    release();
  }
  return interpreterIn(folder);
};

const LOCK = "lock";

/** Waits until this process alone may make the environment; the lock shows a sign of life as long as it is held. */
const lock = async ({ folder, patienceMs, say }: Surroundings): Promise<() => void> => {
  const path = join(environmentIn(folder), LOCK);
  mkdirSync(environmentIn(folder), { recursive: true });
  let isTold = false;
  while (!isTaken(path)) {
    if (dropDead(path, patienceMs)) continue;
    if (!isTold) say(`another process is making the Python environment; waiting for it (${path})`);
    isTold = true;
    await sleep(Math.min(500, patienceMs / 4));
  }
  const life = setInterval(() => utimesSync(path, new Date(), new Date()), patienceMs / 10);
  return () => {
    clearInterval(life);
    rmSync(path, { recursive: true, force: true });
  };
};

const isTaken = (path: string): boolean => {
  try {
    mkdirSync(path);
    return true;
  } catch (error) {
    if (isCode(error, "EEXIST")) return false;
    throw error;
  }
};

/** Removes the lock of a process that died. A rename has one winner, and a lock that was taken meanwhile goes back. */
const dropDead = (path: string, patienceMs: number): boolean => {
  const aside = `${path}-${process.pid}`;
  try {
    if (isAlive(path, patienceMs)) return false;
    renameSync(path, aside);
    if (isAlive(aside, patienceMs)) renameSync(aside, path);
    else rmSync(aside, { recursive: true });
    return true;
  } catch (error) {
    if (isCode(error, "ENOENT")) return true;
    throw error;
  }
};

const isAlive = (path: string, patienceMs: number): boolean => Date.now() - statSync(path).mtimeMs < patienceMs;

const isCode = (error: unknown, code: string): boolean =>
  error instanceof Error && "code" in error && error.code === code;

const make = async (place: Surroundings): Promise<void> => {
  const { folder, say } = place;
  const environment = environmentIn(folder);
  const log = join(environment, "install.log");
  const python = await interpreter(place);
  for (const name of readdirSync(environment))
    if (!name.startsWith(LOCK)) rmSync(join(environment, name), { recursive: true, force: true });
  say(`making the Python environment in ${environment} with ${python}, once; it takes some minutes (log: ${log})`);
  const requirements = join(folder, "requirements.txt");
  const pip = ["-m", "pip", "install", "--no-input", "--disable-pip-version-check", "-r", requirements];
  // The hash of what pip is about to read: an edit meanwhile makes the environment old, not falsely new.
  const hash = requirementsHash(folder);
  await run(python, ["-m", "venv", environment], log, place);
  await run(interpreterIn(folder), pip, log, place);
  writeFileSync(markerIn(folder), hash);
  say("the Python environment is made");
};

/** The first interpreter that is young enough and can make an environment. */
const interpreter = async ({ interpreters }: Surroundings): Promise<string> => {
  const found: string[] = [];
  for (const name of interpreters) {
    const version = await versionOf(name);
    if (version === null) continue;
    const [major = 0, minor = 0] = version.split(".").map(Number);
    if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return name;
    found.push(`${name} is ${version}`);
  }
  const what = found.length === 0 ? `none of ${interpreters.join(", ")} can make an environment` : found.join(", ");
  throw new NoPython(`there is no Python of ${OLDEST.join(".")} or later: ${what}; ${ADVICE}`);
};

const versionOf = async (name: string): Promise<string | null> => {
  const asks = "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])";
  try {
    return (await promisify(execFile)(name, ["-c", asks])).stdout.trim();
  } catch {
    // Not there, or without venv: the next one may do.
    return null;
  }
};

const SAY_EVERY_MS = 10_000;
const LONGEST_SAID = 100;

/** Runs one step and keeps all it says in the log. Throws NoPython with the last line where it fails. */
const run = async (command: string, args: readonly string[], log: string, { say }: Surroundings): Promise<void> => {
  const file = createWriteStream(log, { flags: "a" });
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
  let last = "";
  let saidMs = Date.now();
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on("line", (line) => {
      file.write(`${line}\n`);
      if (line.trim() !== "") last = line.trim();
      if (Date.now() - saidMs < SAY_EVERY_MS) return;
      saidMs = Date.now();
      say(`  ${last.slice(0, LONGEST_SAID)}`);
    });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  await new Promise((resolve) => file.end(resolve));
  if (code === 0) return;
  const what = `\`${[command, ...args].join(" ")}\` failed: ${last === "" ? `exit code ${code}` : last}`;
  throw new NoPython(`${what}; the whole of it is in ${log}. Repair that (network, disk, ${ADVICE}) and run it again`);
};
