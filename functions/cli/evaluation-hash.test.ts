import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { modelHash } from "./evaluation-hash.ts";

test("a model is all that it is loaded from, folders in its folder included; what training leaves beside it is not", () => {
  const folder = mkdtempSync(join(tmpdir(), "quell-model-"));
  mkdirSync(join(folder, "members"));
  const hashWith = (file: string): string => {
    writeFileSync(join(folder, file), "{}");
    return modelHash(folder);
  };
  const hashes = ["model.json", "report.html", "checkpoint.pt", "weights.pt", "members/0.pt"].map(hashWith);

  assert.deepEqual(new Set(hashes).size, 3);
  assert.deepEqual(hashes.slice(0, 3), Array(3).fill(hashes[0]));
});
