import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, posix } from "node:path";
import { test } from "node:test";
import { filesUnder, hashOfFiles, SIMULATOR } from "./code-hash.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const IMPORT = /^(?:import|export)\s(?!type\s)[^;"]*"(\.[^"]+)"/gm;

/** A file of the project and everything of it that is loaded with it. */
const loadedWith = (path: string, seen: Set<string> = new Set()): ReadonlySet<string> => {
  if (seen.has(path)) return seen;
  seen.add(path);
  for (const [, target = ""] of readFileSync(join(ROOT, path), "utf8").matchAll(IMPORT))
    loadedWith(posix.join(posix.dirname(path), target), seen);
  return seen;
};

for (const file of ["log", "days", "people-choose"])
  test(`the hash of the simulator covers all that ${file}.ts loads`, () => {
    const loaded = [...loadedWith(`functions/rollout/days/${file}.ts`)];

    const missing = loaded.filter((path) => !SIMULATOR.some((one) => path === one || path.startsWith(`${one}/`)));

    assert.ok(loaded.length > 50, `${loaded.length} files`);
    assert.deepEqual(missing, []);
  });

test("a hash of files follows from each one's path and content, in whatever order they are named", () => {
  const folder = mkdtempSync(join(tmpdir(), "quell-hash-"));
  mkdirSync(join(folder, "in"));
  writeFileSync(join(folder, "in", "a"), "1");
  writeFileSync(join(folder, "in", "b"), "2");
  const files = filesUnder(folder, "in");
  const before = hashOfFiles(folder, files);

  assert.deepEqual(filesUnder(folder, "in/a"), ["in/a"]);
  assert.deepEqual(files.toSorted(), ["in/a", "in/b"]);
  assert.equal(hashOfFiles(folder, files.toReversed()), before);
  assert.notEqual(hashOfFiles(folder, ["in/a"]), before);
  writeFileSync(join(folder, "in", "b"), "3");
  assert.notEqual(hashOfFiles(folder, files), before);
});
