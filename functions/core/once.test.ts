import assert from "node:assert/strict";
import { test } from "node:test";
import { once } from "./once.ts";

test("what is asked for at one moment by many is made once", async () => {
  let made = 0;
  const value = once(async () => {
    made += 1;
    return made;
  });

  const values = await Promise.all([value(), value(), value()]);

  assert.deepEqual([values, await value()], [[1, 1, 1], 1]);
});

test("a failure is told to whoever asked, and the next caller tries anew", async () => {
  let tries = 0;
  const value = once(async () => {
    tries += 1;
    if (tries === 1) throw new Error("not yet");
    return tries;
  });

  await assert.rejects(value(), /not yet/);

  assert.equal(await value(), 2);
});
