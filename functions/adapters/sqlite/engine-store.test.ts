import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { engineStoreContract } from "../contracts/engine-store.contract.ts";
import { openDatabase } from "./database.ts";
import { sqliteEngineStore } from "./engine-store.ts";
import { resumable } from "./resume.fixture.ts";

engineStoreContract("the engine store in a file", () => sqliteEngineStore(openDatabase(":memory:")));

const place = () => {
  const folder = mkdtempSync(join(tmpdir(), "quell-resume-"));
  return { path: join(folder, "quell.db"), log: join(folder, "log.txt") };
};
const linesOf = (log: string): readonly string[] => readFileSync(log, "utf8").trimEnd().split("\n");

/** Runs the fixture in a process of its own until it says this word, then kills it without warning. */
const killedWhen = async (word: string, path: string, log: string, second: "hang" | "end"): Promise<void> => {
  const child = fork(fileURLToPath(new URL("./resume.fixture.ts", import.meta.url)), [path, log, second]);
  const [said] = await once(child, "message");
  assert.equal(said, word);
  child.kill("SIGKILL");
  await once(child, "exit");
};

test("a process killed inside a step is resumed by another one, which runs that step again and the finished one not", async () => {
  const { path, log } = place();
  await killedWhen("inside the second step", path, log, "hang");

  const engine = resumable(path, log, "end");
  await engine.runDue();

  const [one, two, again, ask] = linesOf(log);
  assert.deepEqual([one, two, again, ask?.slice(0, 4)], ["first", "second", "second", "ask "]);
  assert.equal(engine.describe("run")?.status, "RUNNING");
});

test("a process killed while it waits for an answer is resumed by another one that was given the answer", async () => {
  const { path, log } = place();
  await killedWhen("asleep", path, log, "end");
  const callbackId = linesOf(log)[2]?.slice(4) ?? "";

  const engine = resumable(path, log, "end");
  const rung = engine.ring(callbackId, "yes");
  await engine.runDue();

  assert.equal(rung, "completed");
  assert.deepEqual(engine.describe("run")?.result, ["input", "yes"]);
  assert.deepEqual(linesOf(log), ["first", "second", `ask ${callbackId}`, "third"]);
});

test("a second engine on the file of a running one may start and ring, and the first one runs it", async () => {
  const { path, log } = place();
  const [runner, other] = [resumable(path, log, "end"), resumable(path, log, "end")];

  other.start("run", "input");
  await runner.runDue();
  const callbackId = linesOf(log)[2]?.slice(4) ?? "";
  other.ring(callbackId, "from afar");
  await runner.runDue();

  assert.deepEqual(other.describe("run")?.result, ["input", "from afar"]);
});
