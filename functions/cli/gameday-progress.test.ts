import assert from "node:assert/strict";
import { test } from "node:test";
import { progressOn } from "./gameday-progress.ts";

/** A terminal on a clock that is moved by hand. */
const shown = (total: number, before: number) => {
  const drawn: string[] = [];
  let nowMs = 5000;
  const progress = progressOn(
    (text) => drawn.push(text),
    total,
    before,
    () => nowMs,
  );
  const endedAfter = (ms: number): void => {
    nowMs += ms;
    progress.ended();
  };
  return { drawn, progress, endedAfter };
};

test("what is over within two seconds leaves nothing on the terminal", () => {
  const { drawn, progress, endedAfter } = shown(3, 0);

  for (const ms of [600, 600, 600]) endedAfter(ms);
  progress.close();

  assert.deepEqual(drawn, []);
});

test("what takes longer shows how far it is and how long it will take, and leaves the line as it was", () => {
  const { drawn, progress, endedAfter } = shown(30, 20);

  endedAfter(1000);
  endedAfter(3000);
  endedAfter(10);
  progress.close();

  assert.deepEqual(drawn, ["\r\u001b[K██████████████████████░░░░░░░░ 22 of 30 incidents, 16 s left", "\r\u001b[K"]);
});
