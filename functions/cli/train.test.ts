import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { BadInput } from "./errors.ts";
import { quell } from "./quell.ts";
import { trainArguments } from "./train.ts";

const folder = (): string => mkdtempSync(join(tmpdir(), "quell-train-"));

test("each flag that was given reaches Python, and no other", () => {
  const episodes = folder();

  const args = trainArguments({ episodes, learner: "cql", seed: "1", first: "200", out: "-x", device: "auto" });

  assert.deepEqual(args, [
    `--episodes=${episodes}`,
    "--learner=cql",
    "--seed=1",
    "--first=200",
    "--out=-x",
    "--device=auto",
  ]);
});

const BAD = [
  [{ episodes: "no/such/folder" }, /--episodes no\/such\/folder: is not there; name a folder/],
  [{ seed: "one" }, /--seed one: cannot be used; give a whole number/],
  [{ first: "0" }, /--first 0: cannot be used; give a whole number of 1 or more/],
] as const;

for (const [flags, says] of BAD) {
  test(`${JSON.stringify(flags)} is refused before Python starts`, () => {
    const given = { episodes: folder(), learner: "cql", seed: "1", device: "auto", ...flags };

    assert.throws(
      () => trainArguments(given),
      (error) => error instanceof BadInput && says.test(error.message),
    );
  });
}

/** Runs `quell train` with an interpreter that notes its arguments and ends with a code. */
const trained = async (exit: string) => {
  const place = folder();
  const python = join(place, "python");
  writeFileSync(python, `#!/bin/sh\necho "$PYTHONPATH $*" > ${join(place, "asked")}\n${exit}\n`);
  chmodSync(python, 0o755);
  const before = process.env.QUELL_PYTHON;
  process.env.QUELL_PYTHON = python;
  let err = "";
  const writeError = (text: string) => {
    err += text;
  };
  try {
    const args = ["train", "--episodes", place, "--learner", "cql"];
    const screen = {
      write: () => {},
      writeError,
      paint: (_: unknown, text: string) => text,
      isLive: false,
      canAsk: false,
    };
    const code = await quell(args, screen);
    return { code, err, asked: readFileSync(join(place, "asked"), "utf8") };
  } finally {
    if (before === undefined) delete process.env.QUELL_PYTHON;
    else process.env.QUELL_PYTHON = before;
  }
};

for (const [exit, expected] of [
  ["exit 0", 0],
  ["exit 2", 2],
  ["exit 3", 3],
  ["exit 1", 1],
  ["exit 130", 3],
  ["kill -9 $$", 3],
] as const) {
  test(`an interpreter that does \`${exit}\` makes \`quell train\` end with ${expected}`, async () => {
    const { code, asked } = await trained(exit);

    assert.equal(code, expected);
    assert.match(asked, /policies\/qnet.* -m qnet train --episodes=.* --learner=cql --seed=1 --out=.*cql-1/);
  });
}

test("a run that a signal ended says so", async () => {
  const { err } = await trained("kill -9 $$");

  assert.match(err, /Python was ended by SIGKILL; .*memory/);
});
