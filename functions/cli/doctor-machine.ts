import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statfsSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Finding, ok, problem, type Setup, warning } from "./doctor-finding.ts";

/** What the machine itself must offer. */

const NODE_ADVICE = "install Node 24, or run npm ci and start Quell with `npm run -s quell --`, which uses its own";

/** The version against package.json's engines, and what Quell really needs: types stripped, and to know the main file. */
export const nodeCheck = ({ root, node }: Setup): Finding => {
  const { engines } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { engines?: { node?: string } };
  const asked = engines?.node ?? "";
  const found = `Node ${node.version}; package.json asks for ${asked === "" ? "none" : asked}`;
  if (!isAtLeast(node.version, asked)) return problem(found, NODE_ADVICE);
  if (!node.stripsTypes) return problem(`${found}; it does not strip types from .ts files`, NODE_ADVICE);
  if (!node.knowsMain) return problem(`${found}; it does not know import.meta.main`, NODE_ADVICE);
  return ok(`${found}; it runs TypeScript as it is`);
};

/** Whether a version keeps `>=20`, `>=20.1` or `>=20.1.2`; any other form of range is not kept, which is seen at once. */
const isAtLeast = (version: string, range: string): boolean => {
  const least = /^>=\s*(\d+)(?:\.(\d+))?(?:\.(\d+))?$/
    .exec(range)
    ?.slice(1)
    .map((part) => Number(part ?? 0));
  if (least === undefined) return false;
  const own = version.split(/[.-]/).map(Number);
  const first = least.findIndex((part, index) => part !== own[index]);
  return first < 0 || (own[first] ?? 0) > (least[first] ?? 0);
};

/** Opens a database in memory, writes a row and reads it back. */
export const sqliteCheck = async (): Promise<Finding> => {
  const { DatabaseSync } = await import("node:sqlite");
  const database = new DatabaseSync(":memory:");
  try {
    database.exec("CREATE TABLE kept (value TEXT NOT NULL) STRICT; INSERT INTO kept VALUES ('quell')");
    const row = database.prepare("SELECT value, sqlite_version() AS version FROM kept").get();
    return row?.value === "quell"
      ? ok(`SQLite ${String(row.version)} writes and reads`)
      : problem("SQLite does not give back what was written", NODE_ADVICE);
  } finally {
    database.close();
  }
};

/** A gameday of 2,000 incidents keeps about 80 kB each: events, decisions, checkpoints. */
const LEAST_FREE_BYTES = 2000 * 80_000;

/** Makes a file where temporary files go, as a store and a fault's stack are made, and takes it away again. */
export const storeCheck = ({ temporary }: Setup): Finding => {
  const advice = `make ${temporary} a folder that this user may write to, or set TMPDIR to one`;
  let folder: string | null = null;
  try {
    folder = mkdtempSync(join(temporary, "quell-doctor-"));
    writeFileSync(join(folder, "kept"), "quell");
    if (readFileSync(join(folder, "kept"), "utf8") !== "quell")
      return problem(`${temporary} loses what is written`, advice);
    const { bavail, bsize } = statfsSync(folder);
    const found = `${temporary} can be written; ${Math.floor((bavail * bsize) / 1e6)} MB are free`;
    return bavail * bsize >= LEAST_FREE_BYTES
      ? ok(found)
      : warning(found, `make room: a long gameday with --store needs ${LEAST_FREE_BYTES / 1e6} MB`);
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    return problem(`${temporary} cannot be written (${detail})`, advice);
  } finally {
    if (folder !== null) rmSync(folder, { recursive: true });
  }
};

/** The clock must not stand before what was made already: the newest commit, or the installed package files. */
export const clockCheck = ({ root, nowMs }: Setup): Finding => {
  const files = ["package.json", "package-lock.json"]
    .map((name) => join(root, name))
    .filter((file) => existsSync(file));
  const newestMs = Math.max(
    ...files.map((file) => statSync(file).mtimeMs),
    newestCommitMs(root) ?? Number.NEGATIVE_INFINITY,
  );
  const now = new Date(nowMs).toISOString();
  if (nowMs >= newestMs) return ok(`${now}, after the newest commit and package file`);
  return warning(
    `${now} is before ${new Date(newestMs).toISOString()}, when this copy of Quell was changed last`,
    "set the clock: an alarm's age, cooldowns and the plans' expiry are measured by it",
  );
};

/** Null where there is no git, or no repository. Reads one commit that is there for certain, so it fetches nothing. */
const newestCommitMs = (root: string): number | null => {
  if (!existsSync(join(root, ".git"))) return null;
  try {
    const seconds = execFileSync("git", ["log", "-1", "--format=%ct"], {
      cwd: root,
      encoding: "utf8",
      timeout: 5000,
      stdio: ["ignore", "pipe", "ignore"],
      env: { ...process.env, GIT_NO_LAZY_FETCH: "1", GIT_OPTIONAL_LOCKS: "0" },
    });
    return Number(seconds) * 1000;
  } catch {
    // No git to ask: the files' own dates remain.
    return null;
  }
};
