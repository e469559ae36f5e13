import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { inOrder } from "./gameday-order.ts";

const WORLDS = [0, 1, 2, 3, 4];
const LINES = 3;

/** Who speaks when, mixed in any way: each world three times, after which it ends. */
const turns = WORLDS.flatMap((index) => Array.from({ length: LINES }, () => index));
const mixed = fc.shuffledSubarray(turns, { minLength: turns.length });

test("what worlds say side by side reads as if they had played one after the other, those left out that had played", () => {
  fc.assert(
    fc.property(mixed, fc.subarray(WORLDS), (speakers, played) => {
      let written = "";
      const order = inOrder((text) => {
        written += text;
      }, played);
      const said = new Map<number, number>();

      for (const index of speakers.filter((speaker) => !played.includes(speaker))) {
        const line = (said.get(index) ?? 0) + 1;
        said.set(index, line);
        order.writeOf(index)(`${index}.${line} `);
        if (line === LINES) order.ended(index);
      }

      const left = WORLDS.filter((index) => !played.includes(index));
      assert.equal(written, left.map((index) => `${index}.1 ${index}.2 ${index}.3 `).join(""));
    }),
  );
});

test("the world whose turn it is writes at once", () => {
  const written: string[] = [];
  const order = inOrder((text) => written.push(text), [0]);

  order.writeOf(2)("later");
  order.writeOf(1)("now");

  assert.deepEqual(written, ["now"]);
});
