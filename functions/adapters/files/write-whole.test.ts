import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { writeWhole } from "./write-whole.ts";

const older = (): Readonly<{ folder: string; path: string }> => {
  const folder = mkdtempSync(join(tmpdir(), "quell-whole-"));
  const path = join(folder, "rows.jsonl");
  writeFileSync(path, "old\n".repeat(1000));
  return { folder, path };
};

test("a file has its lines and no other, an older one is replaced whole and no other file is left", () => {
  const { folder, path } = older();

  writeWhole(path, ["one", "two"]);

  assert.equal(readFileSync(path, "utf8"), "one\ntwo\n");
  assert.deepEqual(readdirSync(folder), ["rows.jsonl"]);
});

test("bytes are written as they are", () => {
  const { path } = older();
  const bytes = Uint8Array.from([0, 255, 10, 13]);

  writeWhole(path, bytes);

  assert.deepEqual(new Uint8Array(readFileSync(path)), bytes);
});

test("where the lines end in the middle by a failure, the older file is as it was, and alone", () => {
  const { folder, path } = older();
  const failing = function* (): Generator<string> {
    yield "one";
    throw new Error("the lines end");
  };

  assert.throws(() => writeWhole(path, failing()), /the lines end/);

  assert.equal(readFileSync(path, "utf8"), "old\n".repeat(1000));
  assert.deepEqual(readdirSync(folder), ["rows.jsonl"]);
});
