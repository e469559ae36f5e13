import assert from "node:assert/strict";
import { existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { readEpisodes } from "../adapters/parquet/read-episodes.ts";
import { quell } from "./quell.ts";

const said = async (...args: readonly string[]) => {
  const heard = { out: "", err: "" };
  const code = await quell(args, {
    write: (text) => {
      heard.out += text;
    },
    writeError: (text) => {
      heard.err += text;
    },
    paint: (_format, text) => text,
    isLive: false,
    canAsk: false,
  });
  return { code, ...heard };
};
const newFolder = (): string => join(mkdtempSync(join(tmpdir(), "quell-simulate-")), "episodes");

test("a log is written, its JSON says what lies there, and asking again does nothing more", async () => {
  const out = newFolder();

  const first = await said("simulate", "--incidents", "5", "--seed", "3", "--out", out, "--json");
  const again = await said("simulate", "--incidents", "5", "--seed", "3", "--out", out, "--json");

  assert.deepEqual([first.code, first.err], [0, ""]);
  const { schema, incidents, rows, parts } = JSON.parse(first.out);
  assert.deepEqual([schema, incidents, parts.length], [1, 5, 1]);
  assert.equal((await readEpisodes(join(out, parts[0].file))).length, rows);
  assert.equal(again.out, first.out);
  assert.ok(existsSync(join(out, "truth", "part-00000.jsonl")));
});

test("another log in a folder that has one is bad input that says what to do", async () => {
  const out = newFolder();
  await said("simulate", "--incidents", "2", "--out", out);

  const { code, err } = await said("simulate", "--incidents", "2", "--out", out, "--confounding", "strong");

  assert.equal(code, 2);
  assert.match(err, /it holds a log with another confounding; give another folder/);
});

for (const [flag, value, what] of [
  ["--incidents", "0", "from 1 to 1000000"],
  ["--seed", "-1", "of 0 or more"],
  ["--split", "both", "train or test"],
  ["--behaviour", "robot", "oncall or agent"],
  ["--confounding", "some", "none, mild, strong"],
  ["--epsilon", "1.5", "from 0 to 1"],
  ["--policy", "best", "rules"],
  ["--wrong", "x", "from 0 to 1"],
] as const)
  test(`${flag} ${value} is bad input, and nothing is written`, async () => {
    const out = newFolder();

    const { code, err } = await said("simulate", "--out", out, flag, value);

    assert.equal(code, 2);
    assert.ok(err.includes(`${flag} ${value}: cannot be used`) && err.includes(what), err);
    assert.ok(!existsSync(out));
  });
