import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import type { Scene } from "./inference.ts";
import { isolatedInference } from "./isolated.ts";
import { drawnScene, MEMBERS, modelBytes } from "./model.fixture.ts";
import { openSession } from "./session.ts";
import { InferenceFailed } from "./start-process.ts";

const STUCK = join(import.meta.dirname, "stuck.fixture.ts");
const sceneOf = (way: number): Scene => ({ state: [way], candidates: [[0]], allowed: [true] });
/** @param patient a long deadline: the way in which it fails is not about time */
const stand = (patient: boolean) =>
  isolatedInference(new Uint8Array(8), 2, {
    program: STUCK,
    deadlineMs: patient ? 60_000 : 1000,
    startMs: 60_000,
    mostBytes: 400_000_000,
  });

const WAYS: readonly (readonly [what: string, way: number, patient: boolean, says: RegExp])[] = [
  ["never comes back out of native code", 1, false, /did not answer within 1000 ms/],
  ["takes all the memory", 2, true, /more memory than it may/],
  ["dies", 3, true, /ended \(exit code 9\)/],
  ["says something that is no answer", 4, true, /said something else/],
  ["answers another size", 5, true, /has not 2 numbers/],
  ["says why it cannot", 6, true, /no such input/],
];

for (const [what, way, patient, says] of WAYS)
  test(`a network that ${what} fails its own scene; this process lives, and the next scene has a fresh one`, async () => {
    const inference = stand(patient);
    const [before] = Array.from((await inference.run(sceneOf(0))).q);

    await assert.rejects(inference.run(sceneOf(way)), (error) => {
      assert.ok(error instanceof InferenceFailed);
      assert.match(error.message, says);
      return true;
    });

    const [after] = Array.from((await inference.run(sceneOf(0))).q);
    assert.notEqual(after, before);
    await inference.close();
  });

test("scenes that come at once are answered one by one, each its own, though one of them fails", async () => {
  const inference = stand(true);

  const all = await Promise.allSettled([0, 0, 6, 0].map((way) => inference.run(sceneOf(way))));

  assert.deepEqual(
    all.map(({ status }) => status),
    ["fulfilled", "fulfilled", "rejected", "fulfilled"],
  );
  await inference.close();
});

test("a process that cannot be started, and a model that it cannot open, fail the scene with the reason", async () => {
  const nowhere = isolatedInference(modelBytes(), MEMBERS, { program: "/nowhere.ts" });
  const broken = isolatedInference(Uint8Array.of(1, 2, 3), MEMBERS);

  await assert.rejects(nowhere.run(drawnScene(2)), /ended \(exit code 1\)/);
  await assert.rejects(broken.run(drawnScene(2)), InferenceFailed);
  await Promise.all([nowhere.close(), broken.close()]);
});

test("in a process of its own a model says to the last bit what it says in this one", async () => {
  const [isolated, here] = [isolatedInference(modelBytes(), MEMBERS), await openSession(modelBytes())];

  for (const K of [1, 2, 31, 32]) assert.deepEqual(await isolated.run(drawnScene(K)), await here.run(drawnScene(K)));

  await isolated.close();
});

test("a process that died while nothing was asked is replaced before the next scene, which does not fail", async () => {
  const inference = stand(true);
  const [pid = 0] = Array.from((await inference.run(sceneOf(0))).q);
  process.kill(pid, "SIGKILL");
  await ended(pid);
  await sleep(100);

  const [after] = Array.from((await inference.run(sceneOf(0))).q);

  assert.notEqual(after, pid);
  await inference.close();
});

test("a closed one fails what still waits, and starts no process for what is asked later", async () => {
  const inference = stand(true);
  const waiting = [inference.run(sceneOf(0)), inference.run(sceneOf(0))].map((one) => assert.rejects(one, /closed/));

  await inference.close();

  await Promise.all(waiting);
  await assert.rejects(inference.run(sceneOf(0)), /closed/);
});

/** Comes back when nothing of that process runs any more; one that nobody waited for may stay in the list as dead. */
const ended = async (pid: number): Promise<void> => {
  for (;;) {
    const listed = await promisify(execFile)("ps", ["-o", "stat=", "-p", String(pid)]).catch(() => ({ stdout: "" }));
    if (listed.stdout.trim() === "" || listed.stdout.startsWith("Z")) return;
    await sleep(20);
  }
};

/** A process that asks a model one scene, says which process answered, and then does this. */
const asking = (then: string): Promise<Readonly<{ stdout: string }>> => {
  const at = (name: string) => JSON.stringify(join(import.meta.dirname, name));
  const program = `
    import { isolatedInference } from ${at("isolated.ts")};
    const inference = isolatedInference(new Uint8Array(8), 2, { program: ${at("stuck.fixture.ts")} });
    const { q } = await inference.run({ state: [0], candidates: [[0]], allowed: [true] });
    console.log(q[0]);
    ${then}`;
  return promisify(execFile)(process.execPath, ["--input-type=module", "--eval", program]);
};

test("a model that is open and was asked keeps no process alive, and none is left behind", async () => {
  const { stdout } = await asking("");

  assert.match(stdout, /^\d+\n$/);
  await ended(Number(stdout));
});

test("a process that exits while its model hangs exits at once, and takes the model along", async () => {
  const hangs = "inference.run({ state: [1], candidates: [[0]], allowed: [true] }).catch(() => {});";

  const exited = await asking(`${hangs} setTimeout(() => process.exit(7), 200);`).then(
    () => assert.fail("it exits with 7"),
    (error: Readonly<{ code: number; stdout: string }>) => error,
  );

  assert.equal(exited.code, 7);
  await ended(Number(exited.stdout));
});
