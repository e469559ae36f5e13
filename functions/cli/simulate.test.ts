import assert from "node:assert/strict";
import { existsSync, mkdtempSync, writeFileSync } from "node:fs";
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

test("people on call have no policy and explore nothing: flags about that make no other log, as they do for an agent", async () => {
  const [people, agent] = [newFolder(), newFolder()];
  const simulated = (out: string, ...flags: readonly string[]) =>
    said("simulate", "--incidents", "2", "--out", out, ...flags);
  const first = await simulated(people, "--json");
  await simulated(agent, "--behaviour", "agent");

  const again = await simulated(people, "--policy", "page", "--epsilon", "0.5", "--json");
  const other = await simulated(agent, "--behaviour", "agent", "--epsilon", "0.5");

  assert.equal(again.out, first.out);
  assert.deepEqual(Object.keys(JSON.parse(first.out).asked), ["seed", "split", "behaviour", "confounding", "broken"]);
  assert.equal(other.code, 2);
  assert.match(other.err, /another epsilon; give another folder/);
});

test("a folder that cannot be made is bad input", async () => {
  const file = join(mkdtempSync(join(tmpdir(), "quell-simulate-")), "file");
  writeFileSync(file, "");

  const { code, err } = await said("simulate", "--incidents", "2", "--out", join(file, "episodes"));

  assert.equal(code, 2);
  assert.match(err, /--out .*episodes: cannot be written \(.*\); name a folder/);
});

for (const [flag, value, what] of [
  ["--incidents", "0", "from 1 to 1000000"],
  ["--seed", "-1", "of 0 or more"],
  ["--split", "both", "train, test, whole"],
  ["--behaviour", "robot", "oncall or agent"],
  ["--confounding", "some", "none, mild, strong"],
  ["--epsilon", "1.5", "from 0 to 1"],
  ["--epsilon", "1e-2", "from 0 to 1"],
  ["--epsilon", "", "from 0 to 1"],
  ["--epsilon", "-0.1", "from 0 to 1"],
  ["--policy", "best", "rules"],
  ["--policy", "toString", "rules"],
  ["--broken", "x", "from 0 to 1"],
  ["--autonomy", "0", "from 0.001 to 0.5"],
  ["--autonomy", "0.9", "from 0.001 to 0.5"],
] as const)
  test(`${flag} ${value} is bad input, and nothing is written`, async () => {
    const out = newFolder();

    const { code, err } = await said("simulate", "--out", out, flag, value);

    assert.equal(code, 2);
    const why = flag === "--policy" ? "no such policy" : "cannot be used";
    assert.ok(err.includes(`${flag} ${value}: ${why}`) && err.includes(what), err);
    assert.ok(!existsSync(out));
  });

test("people on call have nothing to earn: --autonomy without --behaviour agent is bad input", async () => {
  const { code, err } = await said("simulate", "--out", newFolder(), "--autonomy", "0.05");

  assert.equal(code, 2);
  assert.match(err, /--autonomy: people on call ask nobody; give --behaviour agent with it/);
});

test("a log in which runbooks may earn to act alone is another log, and says where to read what was earned", async () => {
  const out = newFolder();
  const agent = ["simulate", "--incidents", "2", "--out", out, "--behaviour", "agent"];

  const first = await said(...agent, "--autonomy", "0.3");
  const other = await said(...agent);

  assert.equal(first.code, 0);
  assert.match(first.out, /counted as the account: what was earned in it, `quell learning status --episodes .*` says/);
  assert.equal(other.code, 2);
  assert.match(other.err, /another autonomy; give another folder/);
});
