import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import fc from "fast-check";
import { abreast } from "./abreast.ts";

const turns = fc.array(fc.nat(5), { maxLength: 12 });

test("results come in the order of the pieces, and no more than so many are under way", async () => {
  await fc.assert(
    fc.asyncProperty(turns, fc.integer({ min: 1, max: 4 }), async (pieces, most) => {
      let underWay = 0;
      let mostSeen = 0;
      const work = async (count: number): Promise<number> => {
        underWay += 1;
        mostSeen = Math.max(mostSeen, underWay);
        for (let done = 0; done < count; done += 1) await turn();
        underWay -= 1;
        return count;
      };

      const results: number[] = [];
      for await (const result of abreast(pieces, most, work)) results.push(result);

      assert.deepEqual(results, pieces);
      assert.equal(mostSeen <= most, true);
    }),
    { numRuns: 50 },
  );
});

test("what a piece throws comes in its turn, after the results before it", async () => {
  const results: number[] = [];
  const work = async (piece: number): Promise<number> => {
    if (piece === 0) for (let done = 0; done < 5; done += 1) await turn();
    if (piece > 0) throw new Error(`piece ${piece}`);
    return piece;
  };

  const all = async (): Promise<void> => {
    for await (const result of abreast([0, 1, 2], 3, work)) results.push(result);
  };

  await assert.rejects(all, /piece 1/);
  assert.deepEqual(results, [0]);
});
