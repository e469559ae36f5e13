import assert from "node:assert/strict";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { quell } from "./quell.ts";

const run = async (args: readonly string[], isLive = false) => {
  const said = { out: "", err: "" };
  const code = await quell(["gameday", ...args], {
    write: (text) => {
      said.out += text;
    },
    writeError: (text) => {
      said.err += text;
    },
    paint: (_format, text) => text,
    isLive,
    canAsk: false,
  });
  return { code, ...said };
};

const withoutTiming = (out: string): unknown => ({ ...JSON.parse(out), timing: null });

test("a gameday reports the same for the same seed, and --json leaves one document on stdout", async () => {
  const args = ["--incidents", "3", "--seed", "5", "--json"];

  const first = await run(args);
  const second = await run(args);

  assert.deepEqual([first.code, first.err], [0, ""]);
  assert.equal(first.out.trimEnd().split("\n").length, 1);
  assert.deepEqual(withoutTiming(first.out), withoutTiming(second.out));
});

test("observe mode does nothing and pages nobody, and still ends every incident", async () => {
  const { code, out } = await run(["--incidents", "1", "--mode", "observe", "--json"]);

  const { actions, pages, incidents, terminal } = JSON.parse(out);
  assert.equal(code, 0);
  assert.deepEqual({ actions, pages }, { actions: 0, pages: 0 });
  assert.equal(
    Object.values<number>(terminal).reduce((sum, count) => sum + count, 0),
    incidents,
  );
});

test("the timeline tells what fired, was seen, weighed, done and how it ended, and the scoreboard sums up", async () => {
  const { out } = await run(["--incidents", "1"]);

  for (const told of [/● alarm \S+ is ALARM: incident opened/, /◇ saw \d+ series/, /◆ decision 0 by qnet/, /═ [A-Z_]+/])
    assert.match(out, told);
  assert.match(out, /1 incident, seed 1\n[\s\S]*duplicated effects +0/);
  assert.ok(!out.includes("\u001b"));
});

test("every decision of a gameday is an episode row in the file that was asked for", async () => {
  const file = join(mkdtempSync(join(tmpdir(), "quell-episodes-")), "episodes.jsonl");

  await run(["--incidents", "2", "--json", "--episodes", file]);

  const rows = readFileSync(file, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  assert.ok(rows.length >= 2);
  assert.ok(rows.every((row) => row.schema_version === 1 && row.probability.length === row.runbook_id.length));
});

test("the people of the world answer the cards where they are asked to, and not all of them say yes", async () => {
  const played = (approve: string) => run(["--incidents", "24", "--mode", "approve", "--approve", approve, "--json"]);

  const [scripted, theirs] = [await played("yes"), await played("oncall")];

  const of = ({ out }: Readonly<{ out: string }>) => JSON.parse(out).terminal;
  assert.deepEqual([of(scripted).REJECTED, of(scripted).EXPIRED], [0, 0]);
  assert.ok(of(theirs).REJECTED + of(theirs).EXPIRED > 0);
  assert.ok(of(theirs).RESOLVED > 0);
});

test("worlds that play side by side into a pipe read like those that somebody watches one after the other", async () => {
  const args = ["--incidents", "3", "--speed", "1000000"];

  const [watched, piped] = [await run(args, true), await run(args)];

  assert.match(piped.out, /incident 1 of 3[\s\S]*incident 2 of 3[\s\S]*incident 3 of 3[\s\S]*3 incidents, seed 1/);
  assert.equal(piped.out, watched.out);
});
