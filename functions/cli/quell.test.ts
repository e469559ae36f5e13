import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { MODEL_POLICIES } from "../adapters/onnx/onnx-scorer.ts";
import { POLICIES } from "../core/policies.ts";
import { exitCodeFor } from "./errors.ts";
import { GAMEDAY_NAMES } from "./gameday-policies.ts";
import { quell } from "./quell.ts";

const run = async (args: readonly string[], canAsk = false) => {
  const said = { out: "", err: "" };
  const code = await quell(args, {
    write: (text) => {
      said.out += text;
    },
    writeError: (text) => {
      said.err += text;
    },
    paint: (_format, text) => text,
    isLive: false,
    canAsk,
  });
  return { code, ...said };
};

const BAD: readonly (readonly [args: string, says: RegExp])[] = [
  ["frobnicate", /unknown command 'frobnicate'/],
  ["gameday --frob", /unknown option '--frob'/],
  ["gameday --incidents 0", /--incidents 0: cannot be used; give a whole number/],
  ["gameday --incidents 1e3", /--incidents 1e3: cannot be used/],
  ["gameday --seed -1", /--seed -1: cannot be used|argument missing/],
  ["gameday --mode loud", /--mode loud: cannot be used; give observe, approve or auto/],
  ["gameday --policy fittedq", /--policy fittedq: cannot be used; give one that is built: .*rules.*qnet/],
  ["replay /tmp --policy fittedq", /--policy fittedq: not built; give one of .*rules.*qnet/],
  ["replay /tmp --policy rules,rules", /--policy rules,rules: names rules twice/],
  ["simulate --out /tmp/nowhere --policy fittedq", /--policy fittedq: no such policy, and no folder with model.onnx/],
  ["gameday --drafter gpt", /--drafter gpt: cannot be used; give offline, anthropic, bedrock/],
  ["gameday --approve maybe", /--approve maybe: cannot be used/],
  ["gameday --approve ask", /there is no terminal to ask on/],
  ["gameday --speed 0", /--speed 0: cannot be used/],
  ["gameday --incidents 1 --store /dev/null/x", /--store .*\/dev\/null\/x/],
  ["gameday --incidents 1 --episodes /dev/null/x", /--episodes \/dev\/null\/x: cannot be written/],
  ["gameday --incidents 1 --episodes /tmp", /--episodes \/tmp: cannot be written/],
  ["runbooks frob", /unknown|too many/],
  ["runbooks show", /missing required argument/],
  ["runbooks show frob", /no runbook is called frob; nearest are /],
  ["runbooks list --store /dev/null/x", /--store .*: its episodes cannot be read/],
  ["docs --out /dev/null/x", /--out .*: cannot be written/],
  ["doctor --frob", /unknown option .--frob./],
  ["ingest", /missing required argument/],
  ["ingest /no/such/file", /cannot read \/no\/such\/file/],
];

for (const [args, says] of BAD) {
  test(`\`quell ${args}\` is bad input: exit 2, nothing on stdout, one message that says what to do`, async () => {
    const { code, out, err } = await run(args.split(" "));

    assert.equal(code, 2);
    assert.equal(out, "");
    assert.match(err, says);
    assert.doesNotMatch(err, /\n +at /);
  });
}

test("a gameday whose truth could not be written beside its episodes is refused before anything is played", async () => {
  const [behindFile, behindFolder] = ["quell-truth-", "quell-truth-"].map((name) => mkdtempSync(join(tmpdir(), name)));
  writeFileSync(join(behindFile ?? "", "truth"), "of another");
  mkdirSync(join(behindFolder ?? "", "truth", "e.jsonl"), { recursive: true });

  for (const folder of [behindFile ?? "", behindFolder ?? ""]) {
    const { code, out, err } = await run(["gameday", "--incidents", "1", "--episodes", join(folder, "e.jsonl")]);

    assert.deepEqual([code, out, readdirSync(folder)], [2, "", ["truth"]]);
    assert.match(err, /--episodes .*: its truth cannot be written to .*truth\/e\.jsonl \(.*\); name a file in another/);
  }
});

test("asking on a terminal makes no sense where stdout is one JSON document", async () => {
  const { code, err } = await run(["gameday", "--approve", "ask", "--json"], true);

  assert.equal(code, 2);
  assert.match(err, /--json leaves nobody to ask/);
});

test("help is no failure", async () => {
  const { code, out } = await run(["--help"]);

  assert.equal(code, 0);
  assert.match(out, /gameday/);
});

test("the help of a command names every policy that it takes", async () => {
  const [gameday, replay] = [await run(["gameday", "--help"]), await run(["replay", "--help"])];

  const named = (out: string): readonly string[] =>
    /--policy <names?>([\s\S]*?)\n {2}--/.exec(out)?.[1]?.match(/[\w-]+/g) ?? [];
  for (const name of GAMEDAY_NAMES) assert.ok(named(gameday.out).includes(name), name);
  for (const name of [...Object.keys(POLICIES), ...MODEL_POLICIES]) assert.ok(named(replay.out).includes(name), name);
});

test("the catalogue is listed and linted, as a table and as one JSON document", async () => {
  const list = await run(["runbooks", "list", "--json"]);
  const lint = await run(["runbooks", "lint"]);

  assert.equal(list.code, 0);
  assert.ok(JSON.parse(list.out).runbooks.some(({ id }: { id: string }) => id === "wait"));
  assert.match(lint.out, /^runbooks: \d+ runbooks, 0 findings\n$/);
});

test("a fault of Quell's own is exit 3 and leaves its stack, causes included, in a file that is named", () => {
  let err = "";

  const code = exitCodeFor(new Error("the roof", { cause: new RangeError("the beam") }), (text) => {
    err += text;
  });

  assert.equal(code, 3);
  const [, file] = /the stack is in (\S+);/.exec(err) ?? [];
  assert.match(readFileSync(file ?? "", "utf8"), /Error: the roof[\s\S]*caused by RangeError: the beam/);
  assert.doesNotMatch(err, /\n +at /);
});
