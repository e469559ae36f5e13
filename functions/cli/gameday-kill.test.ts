import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { RELEASED } from "./released-model.ts";

const QUELL = join(import.meta.dirname, "quell.ts");

type Ended = Readonly<{ signal: NodeJS.Signals | null; code: number | null; stdout: string; stderr: string }>;

/** Bytes written to the store so far, as far as its files show it. */
const bytesIn = (store: string): number =>
  [store, `${store}-wal`].reduce((sum, file) => sum + (statSync(file, { throwIfNoEntry: false })?.size ?? 0), 0);

/**
 * Runs a gameday to its end, or kills it without warning once it has written about `killAfterBytes`: progress, not time,
 * so that a slow machine kills at the same places. A run that ends before that ends by itself.
 */
const gameday = async (store: string, flags: readonly string[], killAfterBytes: number | null): Promise<Ended> => {
  const startBytes = bytesIn(store);
  const args = [QUELL, "gameday", ...flags, "--json", "--store", store];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  const said = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk) => {
    said.stdout += chunk;
  });
  child.stderr.on("data", (chunk) => {
    said.stderr += chunk;
  });
  const watching = setInterval(() => {
    const written = Math.abs(bytesIn(store) - startBytes);
    if (killAfterBytes !== null && written >= killAfterBytes) child.kill("SIGKILL");
  }, 2);
  const [code, signal] = await once(child, "close");
  clearInterval(watching);
  return { code, signal, ...said };
};

const withoutTiming = (stdout: string): unknown => ({ ...JSON.parse(stdout), timing: null });

/** From a kill while the store is being made to one late in a world. */
const KILLS_BYTES = [1, 200_000, 400_000, 300_000, 700_000, 150_000];

test("a gameday that is killed again and again ends with the report of one that was left alone", async () => {
  const folder = mkdtempSync(join(tmpdir(), "quell-kill-"));
  const flags = ["--incidents", "6"];
  const clean = await gameday(join(folder, "clean.sqlite"), flags, null);

  const killed: Ended[] = [];
  for (const bytes of KILLS_BYTES) killed.push(await gameday(join(folder, "killed.sqlite"), flags, bytes));
  const last = await gameday(join(folder, "killed.sqlite"), flags, null);

  assert.equal(clean.code, 0, clean.stderr);
  assert.deepEqual([...new Set(killed.map(({ signal }) => signal))], ["SIGKILL"]);
  assert.equal(last.code, 0, last.stderr);
  assert.deepEqual(withoutTiming(last.stdout), withoutTiming(clean.stdout));
});

test("a store that holds a gameday with other parameters is refused with what to do", async () => {
  const store = join(mkdtempSync(join(tmpdir(), "quell-kill-")), "one.sqlite");
  await gameday(store, ["--incidents", "6"], 200_000);

  const { code, stderr } = await gameday(store, ["--incidents", "7"], null);

  assert.equal(code, 2);
  assert.match(stderr, /other parameters.*give the same flags or another file/s);
});

test("a store knows the model that its gameday is played with", async () => {
  const store = join(mkdtempSync(join(tmpdir(), "quell-kill-")), "one.sqlite");
  await gameday(store, ["--incidents", "6", "--policy", "qnet"], 200_000);

  const { stderr } = await gameday(store, ["--incidents", "7"], null);

  const { manifest_hash } = JSON.parse(readFileSync(join(RELEASED, "manifest.json"), "utf8"));
  assert.equal(stderr.split(manifest_hash).length, 3, "in what it holds, and in what is asked of it");
});
