import assert from "node:assert/strict";
import { test } from "node:test";
import { call } from "../aws-api.ts";
import { scenarioWith } from "../scenario.ts";
import { MINUTE_MS } from "../state.ts";
import type { ApiReply } from "../types.ts";
import { advance, createWorld } from "../world.ts";
import { databaseStorageFull } from "./database-storage.ts";

test("while the room that an expert asked for is on its way, the expert asks for no more", () => {
  const scenario = scenarioWith(43, 0, databaseStorageFull.id);
  const world = createWorld(scenario);
  advance(world, scenario.onsetMs + 30 * MINUTE_MS);
  const [active] = world.faults;
  assert.ok(active !== undefined);
  const replies: ApiReply[] = [];
  const heal = (): void =>
    databaseStorageFull.heal(world, active, (asked) => {
      replies.push(call(world, { executionId: null, person: "expert" }, asked));
    });

  heal();
  advance(world, world.nowMs + MINUTE_MS);
  const isStillFull = databaseStorageFull.isPresent(world, active);
  heal();
  advance(world, world.nowMs + 10 * MINUTE_MS);

  assert.deepEqual([isStillFull, databaseStorageFull.isPresent(world, active)], [true, false]);
  assert.deepEqual(
    replies.map(({ ok }) => ok),
    [true],
  );
});
