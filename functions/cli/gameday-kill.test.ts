import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as after } from "node:timers/promises";

const QUELL = join(import.meta.dirname, "quell.ts");
const FLAGS = ["--incidents", "6", "--json"];

type Ended = Readonly<{ signal: NodeJS.Signals | null; code: number | null; stdout: string; stderr: string }>;

/** Runs a gameday to its end, or until it is killed without warning; a kill that comes too late kills nothing. */
const gameday = async (store: string, killAfterMs: number | null): Promise<Ended> => {
  const child = spawn(process.execPath, [QUELL, "gameday", ...FLAGS, "--store", store], { stdio: "pipe" });
  const said = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk) => {
    said.stdout += chunk;
  });
  child.stderr.on("data", (chunk) => {
    said.stderr += chunk;
  });
  const abort = new AbortController();
  if (killAfterMs !== null)
    after(killAfterMs, null, { signal: abort.signal }).then(
      () => child.kill("SIGKILL"),
      () => {},
    );
  const [code, signal] = await once(child, "close");
  abort.abort();
  return { code, signal, ...said };
};

const withoutTiming = (stdout: string): unknown => ({ ...JSON.parse(stdout), timing: null });

/** Delays before each kill: spread over start-up, the middle of worlds and their ends, the same at every run of the test. */
const KILLS_MS = [500, 700, 900, 1100, 1300, 1600];

test("a gameday that is killed again and again ends with the report of one that was left alone", async () => {
  const folder = mkdtempSync(join(tmpdir(), "quell-kill-"));
  const clean = await gameday(join(folder, "clean.sqlite"), null);

  const killed: Ended[] = [];
  for (const killAfterMs of KILLS_MS) killed.push(await gameday(join(folder, "killed.sqlite"), killAfterMs));
  const last = await gameday(join(folder, "killed.sqlite"), null);

  assert.equal(clean.code, 0, clean.stderr);
  assert.ok(killed.some(({ signal }) => signal === "SIGKILL"));
  assert.equal(last.code, 0, last.stderr);
  assert.deepEqual(withoutTiming(last.stdout), withoutTiming(clean.stdout));
});

test("a store that holds a gameday with other parameters is refused with what to do", async () => {
  const store = join(mkdtempSync(join(tmpdir(), "quell-kill-")), "one.sqlite");
  await gameday(store, 1500);

  const child = spawn(process.execPath, [QUELL, "gameday", "--incidents", "7", "--json", "--store", store]);
  let stderr = "";
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  const [code] = await once(child, "close");

  assert.equal(code, 2);
  assert.match(stderr, /other parameters.*give the same flags or another file/s);
});
