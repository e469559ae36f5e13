import assert from "node:assert/strict";
import { test } from "node:test";
import { courtesy } from "./courtesy.ts";
import { type Pace, patiently } from "./patiently.ts";

const paced = () => {
  let nowMs = 0;
  const pace: Pace = {
    nowMs: () => nowMs,
    wait: async (ms) => {
      nowMs += ms;
    },
  };
  return { pace, now: () => nowMs };
};

/** Fails so often, then answers. */
const failing = (times: number) => {
  const left: number[] = [];
  const call = async (leftMs: number): Promise<string> => {
    left.push(leftMs);
    if (left.length <= times) throw new Error(`failure ${left.length}`);
    return "answer";
  };
  return { call, left };
};

test("a call is tried until it succeeds, and told each time what is left", async () => {
  const { pace } = paced();
  const { call, left } = failing(2);

  const answer = await patiently({ deadlineMs: 1000, mostTries: 3 }, pace, (_error, tried) => tried * 100, call);

  assert.equal(answer, "answer");
  assert.deepEqual(left, [1000, 900, 700]);
});

for (const [name, patience, waitMs, tries] of [
  ["after its last try", { deadlineMs: 1000, mostTries: 2 }, 100, 2],
  ["where no other try could begin in time", { deadlineMs: 1000, mostTries: 9 }, 1000, 1],
  ["where another would fail as well", { deadlineMs: 1000, mostTries: 9 }, null, 1],
] as const)
  test(`it ends ${name}, with the last error and without a wait`, async () => {
    const { pace, now } = paced();
    const { call, left } = failing(9);

    await assert.rejects(
      patiently(patience, pace, () => waitMs, call),
      { message: `failure ${tries}` },
    );

    assert.deepEqual([left.length, now()], [tries, (tries - 1) * 100]);
  });

for (const [name, call, said] of [
  ["succeeds", async () => "done", []],
  ["fails", () => Promise.reject(new Error("no bell")), ["could not ring: no bell"]],
  ["hangs", () => new Promise(() => {}), ["could not ring within 20 ms: not waited for"]],
] as const)
  test(`a courtesy that ${name} is nobody's trouble`, async () => {
    const heard: string[] = [];

    await courtesy("ring", 20, (text) => heard.push(text), call);

    assert.deepEqual(heard, said);
  });
