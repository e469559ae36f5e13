import assert from "node:assert/strict";
import { test } from "node:test";
import type { Journal } from "../../core/ports.ts";
import { simulatedClock } from "./clock.ts";
import { directExecutions } from "./direct-executions.ts";

const SECOND_MS = 1000;

const runningOn = (run: (id: string, journal: Journal) => Promise<unknown>) => {
  const clock = simulatedClock(0);
  return { clock, executions: directExecutions(clock, run) };
};

test("an execution sleeps until its time has come, to the second", async () => {
  const woken: string[] = [];
  const { clock, executions } = runningOn(async (_id, journal) => {
    woken.push(await journal.doze("nap", 60, async () => {}));
  });
  await executions.start("one");
  await executions.runDue();

  assert.deepEqual([executions.nextDueMs(), executions.isRunning("one")], [60 * SECOND_MS, true]);
  clock.moveTo(60 * SECOND_MS - 1);
  assert.equal(await executions.runDue(), 0);
  clock.moveTo(60 * SECOND_MS);
  assert.equal(await executions.runDue(), 1);
  assert.deepEqual([woken, executions.nextDueMs(), executions.isRunning("one")], [["timed-out"], null, false]);
});

test("a bell that is rung wakes the sleeper at once, also while it is being hung up, and twice is once", async () => {
  const woken: string[] = [];
  const bells: string[] = [];
  const { executions } = runningOn(async (id, journal) => {
    const how = await journal.doze("nap", 60, async (bell) => {
      bells.push(bell);
      if (id === "hasty") await executions.ring(bell);
    });
    woken.push(`${id} ${how}`);
  });
  await executions.start("hasty");
  await executions.start("calm");
  await executions.runDue();
  assert.deepEqual(woken, ["hasty rung"]);

  await executions.ring(bells[1] ?? "");
  await executions.ring(bells[1] ?? "");
  await executions.runDue();

  assert.deepEqual(woken, ["hasty rung", "calm rung"]);
});

test("starting twice is starting once", async () => {
  const started: string[] = [];
  const { executions } = runningOn(async (id) => void started.push(id));

  await executions.start("one");
  await executions.runDue();
  await executions.start("one");
  await executions.runDue();

  assert.deepEqual(started, ["one"]);
});

test("a step is tried three times in all, and what fails for good is heard by whoever drives", async () => {
  let tries = 0;
  const failing = (until: number) =>
    runningOn(async (_id, journal) => {
      await journal.step("step", async () => {
        tries += 1;
        if (tries < until) throw new Error(`try ${tries}`);
        return null;
      });
    }).executions;
  const third = failing(3);
  await third.start("one");
  await third.runDue();
  assert.equal(tries, 3);

  tries = 0;
  const never = failing(9);
  await never.start("one");

  await assert.rejects(never.runDue(), /try 3/);
  assert.equal(tries, 3);
});
