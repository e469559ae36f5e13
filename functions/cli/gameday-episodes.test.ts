import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { openDatabase } from "../adapters/sqlite/database.ts";
import { sqliteEpisodes } from "../adapters/sqlite/episodes.ts";
import type { EpisodeRow } from "../core/episode.ts";
import { episodesIn, writeEpisodes } from "./gameday-episodes.ts";
import type { WorldResult } from "./gameday-report.ts";

const row = (decision_id: string, row_version = 0) => ({ decision_id, row_version }) as unknown as EpisodeRow;

/** Rows of two worlds that played side by side; the ids of their incidents begin alike. */
const mixed = async () => {
  const database = openDatabase(":memory:");
  const { append } = sqliteEpisodes(database);
  for (const id of ["quell-b/0", "quell-bb/0", "quell-b/1", "quell-a/0", "quell-bb/10", "quell-b/0"])
    await append(row(id, id === "quell-a/0" ? 1 : 0));
  return episodesIn(database);
};

test("a world's rows are those of its own incidents, in the order of their first appending", async () => {
  const episodesOf = await mixed();

  const lines = episodesOf(["quell-a", "quell-b"]);

  assert.deepEqual(
    lines.map((line) => JSON.parse(line)),
    [row("quell-b/0"), row("quell-b/1"), row("quell-a/0", 1)],
  );
  assert.deepEqual(episodesOf([]), []);
  assert.deepEqual(episodesOf(["quell"]), []);
});

test("the file has a line a row, world after world, and no half-written one is left beside it", async () => {
  const folder = mkdtempSync(join(tmpdir(), "quell-episodes-"));
  const worlds = [["quell-bb"], ["quell-a", "quell-b"]].map(
    (ids) => ({ incidents: ids.map((id) => ({ id })) }) as unknown as WorldResult,
  );

  writeEpisodes(join(folder, "all.jsonl"), worlds, await mixed());

  const ids = readFileSync(join(folder, "all.jsonl"), "utf8")
    .split("\n")
    .map((line) => (line === "" ? "" : JSON.parse(line).decision_id));
  assert.deepEqual(ids, ["quell-bb/0", "quell-bb/10", "quell-b/0", "quell-b/1", "quell-a/0", ""]);
  assert.deepEqual(readdirSync(folder), ["all.jsonl"]);
});
