import assert from "node:assert/strict";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { actingPolicy } from "./learning-policy.ts";

const newFolder = (): string => mkdtempSync(join(tmpdir(), "quell-policy-"));

test("without a released model the rules act", () => {
  const acting = actingPolicy(newFolder());

  assert.deepEqual(acting, { acts: "rules", asks: false, because: "no model is released", manifest: null });
});

test("where the released model cannot be served the rules rank, people are asked, and it says why", () => {
  const folder = newFolder();
  writeFileSync(join(folder, "model.onnx"), "no network");
  writeFileSync(join(folder, "manifest.json"), "{}");

  const { acts, asks, because, manifest } = actingPolicy(folder);

  assert.deepEqual([acts, asks, manifest], ["rules", true, null]);
  assert.match(because, /^the released model cannot be served, so the rules rank and people are asked: \S/);
});
