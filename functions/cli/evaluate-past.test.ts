import assert from "node:assert/strict";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { writeEpisodes } from "../adapters/parquet/write-episodes.ts";
import { BadInput } from "./errors.ts";
import { pastIn } from "./evaluate-past.ts";

/** A folder of a simulation whose parts have so many days each, and no row: quiet days. */
const quietLog = (days: readonly number[]): string => {
  const folder = mkdtempSync(join(tmpdir(), "quell-past-"));
  const parts = days.map((incidents, number) => {
    const file = `part-0000${number}.parquet`;
    return { file, incidents, rows: 0, sha256: writeEpisodes(join(folder, file), []).sha256 };
  });
  const incidents = days.reduce((sum, one) => sum + one, 0);
  const about = { schema: 1, asked: {}, world_hash: "", features_hash: "", incidents, rows: 0, data_hash: "", parts };
  writeFileSync(join(folder, "simulation.json"), JSON.stringify(about));
  return folder;
};

const refused = (message: RegExp) => (error: Error) => error instanceof BadInput && message.test(error.message);

test("a day on which nothing was decided counts as one of the log's", async () => {
  assert.deepEqual(await pastIn(quietLog([150, 50])), []);
  await assert.rejects(pastIn(quietLog([150, 49])), refused(/it has 199 days; give a log of at least 200/));
  await assert.rejects(pastIn(quietLog([])), refused(/it has 0 days/));
});

test("a part that the list does not name was never whole, and those after the remembered days are not needed: neither is read", async () => {
  const folder = quietLog([201, 50]);
  for (const file of ["part-00001.parquet", "part-00002.parquet"]) writeFileSync(join(folder, file), "half of a fi");

  assert.deepEqual(await pastIn(folder), []);
});

for (const [what, text, message] of [
  ["no JSON", "{", /its list cannot be read/],
  ["no simulation", "{}", /its list cannot be read \(.*does not list a simulation/],
] as const)
  test(`a list that is ${what} is bad input`, async () => {
    const folder = quietLog([200]);
    writeFileSync(join(folder, "simulation.json"), text);

    await assert.rejects(pastIn(folder), refused(message));
  });
