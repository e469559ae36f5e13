import assert from "node:assert/strict";
import { appendFileSync, cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { manifestFor, modelBytes, pairFolder } from "../adapters/onnx/model.fixture.ts";
import type { Setup } from "./doctor-finding.ts";
import { modelCheck } from "./doctor-model.ts";

const emptyRoot = (): string => mkdtempSync(join(tmpdir(), "quell-doctor-model-"));
const setupAt = (root: string): Setup => ({
  ...{ root, env: {}, nowMs: 0, temporary: tmpdir() },
  node: { version: "24.21.0", stripsTypes: true, knowsMain: true },
});

/** A copy of Quell whose released model is this one. */
const rootWith = (changes: Readonly<Record<string, unknown>> = {}): Readonly<{ root: string; folder: string }> => {
  const bytes = modelBytes();
  const root = emptyRoot();
  const folder = join(root, "policies", "qnet", "released");
  cpSync(pairFolder(bytes, manifestFor(bytes, changes)), folder, { recursive: true });
  writeFileSync(join(folder, "report.html"), "<title>gate</title>");
  return { root, folder };
};

test("where no model is released the rules decide, and that is no fault", async () => {
  const { status, found } = await modelCheck(setupAt(emptyRoot()));

  assert.deepEqual([status, found], ["ok", "none is released; the catalogue's rules decide"]);
});

test("a released pair that is whole is named by its hash, with its verdict", async () => {
  const { status, found } = await modelCheck(setupAt(rootWith().root));

  assert.equal(status, "ok", found);
  assert.match(found, /^[0-9a-f]{12} of \d+ bytes, gate passed, 1 runbooks take a consent$/);
});

test("half a pair, changed bytes, no verdict and no report are problems that say what to do", async () => {
  const [half, changed, report] = [rootWith(), rootWith(), rootWith()];
  rmSync(join(half.folder, "manifest.json"));
  appendFileSync(join(changed.folder, "model.onnx"), "x");
  rmSync(join(report.folder, "report.html"));
  const ungated = rootWith({ gate: { verdict: "none", reasons: [], undecided: [], approval: [] } });

  for (const [{ root }, told] of [
    [half, /manifest\.json/],
    [changed, /bytes, its manifest says/],
    [ungated, /has not passed its gate: the verdict is none/],
    [report, /report\.html, the gate's report, is missing/],
  ] as const) {
    const { status, found, advice } = await modelCheck(setupAt(root));

    assert.equal(status, "problem");
    assert.match(found, told);
    assert.match(advice ?? "", /restore .* or make it again with npm run release/);
  }
});
