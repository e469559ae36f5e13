import assert from "node:assert/strict";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { openDatabase } from "../adapters/sqlite/database.ts";
import { writeEpisodes } from "./gameday-episodes.ts";
import { gamedayReport } from "./gameday-report.ts";
import { stageOn } from "./gameday-stage.fixture.ts";
import type { Stage } from "./gameday-system.ts";
import { playWorld } from "./gameday-world.ts";
import { playWorlds } from "./gameday-worlds.ts";

const stageOf = (incidents: number, seed = 1): Stage => stageOn(openDatabase(":memory:"), incidents, seed);

/** Plays what is left, and counts the most worlds that were in flight at a time. */
const playAbreast = async (stage: Stage, abreast: number) => {
  const inFlight = new Set<number>();
  let most = 0;
  const began = (index: number): null => {
    inFlight.add(index);
    most = Math.max(most, inFlight.size);
    return null;
  };
  const worlds = await playWorlds({ ...stage, tellOf: began }, abreast, (index) => inFlight.delete(index));
  return { worlds, most };
};

const linesOf = (stage: Stage, worlds: Parameters<typeof writeEpisodes>[1]): string => {
  const file = join(mkdtempSync(join(tmpdir(), "quell-worlds-")), "episodes.jsonl");
  writeEpisodes(file, worlds, stage.episodesOf);
  return readFileSync(file, "utf8");
};

test("a gameday ends with the same report and the same episodes, to the byte, however many worlds play at a time", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 1000 }), async (seed) => {
      const ends = [];
      for (const abreast of [1, 3, 8]) {
        const stage = stageOf(8, seed);
        const { worlds, most } = await playAbreast(stage, abreast);
        ends.push({ most, report: JSON.stringify(gamedayReport(seed, worlds, 1)), rows: linesOf(stage, worlds) });
      }

      assert.deepEqual(
        ends.map(({ most }) => most),
        [1, 3, 8],
      );
      assert.equal(new Set(ends.map(({ report }) => report)).size, 1);
      assert.equal(new Set(ends.map(({ rows }) => rows)).size, 1);
      assert.notEqual(ends[0]?.rows, "");
    }),
    { numRuns: 2 },
  );
});

test("worlds that have a result are not played again, wherever among the others they stand", async () => {
  const clean = await playWorlds(stageOf(4), 2, () => {});
  const stage = stageOf(4);
  const begun: number[] = [];

  await playWorld(stage, 2);
  const worlds = await playWorlds({ ...stage, people: (world) => tellIndex(stage, world, begun) }, 2, () => {});

  assert.deepEqual(begun.toSorted(), [0, 1, 3]);
  assert.deepEqual(worlds, clean);
});

const tellIndex = (stage: Stage, world: Parameters<Stage["people"]>[0], begun: number[]) => {
  begun.push(world.scenario.index);
  return stage.people(world);
};

test("what a drafter spends in one world is spent in all of them", async () => {
  const stage = stageOf(2);
  const isFirst: boolean[] = [];
  const drafter: Stage["drafter"] = (ledger, settings, world) => ({
    draft: async (context, catalogue) => {
      isFirst.push(await ledger.write("spend#hour/now", 1, null));
      return stage.drafter(ledger, settings, world).draft(context, catalogue);
    },
  });

  await playWorlds({ ...stage, drafter }, 2, () => {});

  assert.ok(isFirst.length >= 2);
  assert.equal(isFirst.filter((wasFirst) => wasFirst).length, 1);
});

test("where a world throws, those in flight end and are kept, no other one is begun, and the error is passed on", async () => {
  const stage = stageOf(6);
  const broken: Stage["scorer"] = (world, documents) => {
    if (world.scenario.index === 1) throw new RangeError("this world cannot be priced");
    return stage.scorer(world, documents);
  };

  await assert.rejects(
    playWorlds({ ...stage, scorer: broken }, 2, () => {}),
    RangeError,
  );

  assert.deepEqual(
    stage.store.results().map(({ index }) => index),
    [0],
  );
});

test("of a world that has ended, its result, inputs, records and episodes stay, and nothing else", async () => {
  const stage = stageOf(2);

  await playWorlds(stage, 2, () => {});

  const countIn = (table: string): number =>
    Number(stage.database.prepare(`select count(*) as count from ${table}`).get()?.count);
  for (const table of ["gameday_result", "gameday_input", "records", "episodes"]) assert.ok(countIn(table) >= 2, table);
  for (const table of ["ledger", "executions", "operations", "gameday_clock", "gameday_delivered"])
    assert.equal(countIn(table), 0, table);
});
