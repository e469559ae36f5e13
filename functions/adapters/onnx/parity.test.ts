import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { CANDIDATE_FEATURES, FEATURE_SCHEMA } from "../../core/features.ts";
import type { Heads, Scene } from "./inference.ts";
import { MODEL_FILE } from "./load-model.ts";
import { drawn, drawnScene, modelBytes } from "./model.fixture.ts";
import { readModelFile } from "./model-file.ts";
import { parityBetween, parityOf } from "./parity.ts";
import { referenceHeads } from "./reference.ts";
import { openSession } from "./session.ts";

const networkOf = async (bytes: Uint8Array) => {
  const read = readModelFile(bytes);
  assert.ok(read.kind === "file");
  return { file: read.file, inference: await openSession(bytes) };
};

/** Scenes as they come: every feature drawn within its own range, of one to 32 candidates. */
const scenesInRange = (count: number): readonly Scene[] =>
  Array.from({ length: count }, (_, index) => {
    const K = 1 + ((index * 7) % 32);
    const within = (features: readonly Readonly<{ min: number; max: number; kind: string }>[], seed: number) =>
      drawn(features.length, seed).map((one, i) => {
        const { min = 0, max = 1, kind = "" } = features[i] ?? {};
        const value = min + ((one + 1) / 2) * (max - min);
        return kind === "flag" || kind === "code" ? Math.round(value) : value;
      });
    return {
      state: within(FEATURE_SCHEMA.state, index + 1),
      candidates: Array.from({ length: K }, (_, k) => within(FEATURE_SCHEMA.candidate, 1000 * index + k + 2)),
      allowed: Array.from({ length: K }, (_, k) => (k * 5 + index) % 4 !== 0),
    };
  });

test("ONNX Runtime and the plain reference say the same of every output", async () => {
  const { file, inference } = await networkOf(modelBytes());
  const scenes = [
    ...scenesInRange(60),
    drawnScene(1),
    drawnScene(32),
    { ...drawnScene(5), allowed: [false, false, false, false, false] },
  ];

  const parity = await parityBetween(scenes, inference.run, (scene) => referenceHeads(file, scene));

  assert.equal(parity.rows, 63);
  assert.ok(parity.worst > 0 && parity.worst <= 1e-5, JSON.stringify(parity));
});

const released = join(import.meta.dirname, "../../../policies/qnet/released", MODEL_FILE);
if (existsSync(released))
  test("of the released model, too", async () => {
    const { file, inference } = await networkOf(readFileSync(released));

    const parity = await parityBetween(scenesInRange(60), inference.run, (scene) => referenceHeads(file, scene));

    assert.ok(parity.rows === 60 && parity.worst <= 1e-4, JSON.stringify(parity));
  });

test("a difference is found where it is, and what is no number, missing or unmasked is infinitely far", async () => {
  const { file } = await networkOf(modelBytes());
  const scenes = scenesInRange(6);
  const rows = scenes.map((scene) => ({ scene, heads: referenceHeads(file, scene) }));
  const changed = (change: (heads: Heads) => Partial<Heads>) =>
    parityOf(rows, (scene) => {
      const heads = referenceHeads(file, scene);
      return scene === scenes[4] ? { ...heads, ...change(heads) } : heads;
    });

  assert.deepEqual(await changed(() => ({})), { rows: 6, worst: 0, output: null, row: null });
  const off = await changed(({ value }) => ({ value: Array.from(value).with(0, (value[0] ?? 0) + 0.25) }));
  assert.deepEqual([off.output, off.row, Math.round(off.worst * 100)], ["value", 4, 25]);
  assert.equal((await changed(({ q }) => ({ q: Array.from(q).slice(1) }))).worst, Number.POSITIVE_INFINITY);
  assert.equal((await changed(() => ({ ood: [Number.NaN] }))).worst, Number.POSITIVE_INFINITY);
  const unmasked = await changed(({ log_pi_b }) => ({
    log_pi_b: Array.from(log_pi_b, (one) => Math.max(one, -39.99999)),
  }));
  assert.equal(unmasked.worst, Number.POSITIVE_INFINITY);
});

test("a scene has a feature for each name", () => {
  assert.equal(scenesInRange(1)[0]?.candidates[0]?.length, CANDIDATE_FEATURES.length);
});
