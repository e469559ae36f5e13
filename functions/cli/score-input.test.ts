import assert from "node:assert/strict";
import { appendFileSync, copyFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { pairFolder } from "../adapters/onnx/model.fixture.ts";
import { readEpisodes, readScored } from "../adapters/parquet/read-episodes.ts";
import { writeEpisodes, writeScored } from "../adapters/parquet/write-episodes.ts";
import { hearing, logOf, newFolder } from "./gate.fixture.ts";
import { quell } from "./quell.ts";

const LOG = await logOf(8, "agent");
const partOf = (folder: string): string => join(folder, "part-00000.parquet");
const ROWS = await readEpisodes(partOf(LOG));

const said = async (...args: readonly string[]) => {
  const { heard, screen } = hearing();
  const code = await quell(args, screen);
  return { code, err: heard.err };
};

test("what cannot be scored is bad input that names it and says what to do", async () => {
  const tampered = newFolder();
  copyFileSync(join(LOG, "simulation.json"), join(tampered, "simulation.json"));
  copyFileSync(partOf(LOG), partOf(tampered));
  appendFileSync(partOf(tampered), "x");
  const stray = newFolder();
  copyFileSync(join(LOG, "simulation.json"), join(stray, "simulation.json"));
  copyFileSync(partOf(LOG), partOf(stray));
  copyFileSync(partOf(LOG), join(stray, "part-00007.parquet"));
  const old = newFolder();
  writeEpisodes(
    partOf(old),
    ROWS.map((row) => ({ ...row, features_hash: "0".repeat(64) })),
  );
  const model = pairFolder();
  appendFileSync(join(model, "model.onnx"), "x");
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [["--policy", model, "--episodes", LOG], /the model has \d+ bytes, its manifest says \d+; give a folder that/],
    [["--policy", "cleverest", "--episodes", LOG], /--policy cleverest: no such policy.*rules, drafter/],
    [["--policy", "rules", "--episodes", "/nowhere"], /--episodes \/nowhere: is no folder that can be read; name/],
    [["--policy", "rules", "--episodes", newFolder()], /holds no Parquet file; name a folder/],
    [["--policy", "rules", "--episodes", tampered], /has changed since simulation\.json listed it; delete the folder/],
    [
      ["--policy", "rules", "--episodes", stray],
      /part-00007\.parquet: simulation\.json does not list it; take it away/,
    ],
    [["--policy", "rules", "--episodes", old], /has features 000000000000, and these are .*; write the log again/],
    [["--policy", "rules", "--episodes", LOG, "--out", LOG], /holds the log itself; name another folder/],
    [["--policy", "rules", "--episodes", LOG, "--epsilon", "2"], /--epsilon 2: cannot be used; give a share/],
  ];

  for (const [flags, told] of cases) {
    const { code, err } = await said("score", ...flags);

    assert.equal(code, 2, err);
    assert.match(err, told);
  }
});

test("a scored file is refused where its target is no distribution over what was allowed", async () => {
  const [first] = ROWS;
  assert.ok(first !== undefined);
  const row = { ...first, allowed: first.allowed.map((_, index) => index > 0) };
  const one = (index: number) => row.allowed.map((_, i) => (i === index ? 1 : 0));
  const cases: readonly (readonly [readonly number[], RegExp])[] = [
    [one(row.allowed.indexOf(false)), /target_prob is 0 where a candidate was refused/],
    [row.allowed.map(() => 1), /target_prob lies in 0\.\.1 and sums to 1/],
    [[1], /target_prob has one element for each of candidate_key/],
  ];

  for (const [target_prob, rule] of cases) {
    const path = partOf(newFolder());
    writeScored(path, [{ ...row, target_prob }]);

    await assert.rejects(readScored(path), rule);
  }
  await assert.rejects(readScored(partOf(LOG)), /target_prob is list<double>/);
});
