import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { POLICIES } from "../../core/policies.ts";
import { serve } from "./fallback.ts";
import { MODEL_FILE } from "./load-model.ts";
import {
  bytesField,
  drawnScene,
  FLOAT,
  manifestFor,
  message,
  modelBytes,
  networkParts,
  node,
  pairFolder,
  tensorProto,
} from "./model.fixture.ts";

const here = { isolation: "none" } as const;
const refusedFolder = (): string => {
  const bytes = modelBytes();
  return pairFolder(bytes, { ...manifestFor(bytes), data_hash: "0".repeat(64) });
};

test("a model that may be served is served, and nothing is said against it", async () => {
  const serving = await serve([pairFolder()], here);

  assert.deepEqual([serving.scorer.policy, serving.because], ["qnet", null]);
});

test("where the model is refused the last good one speaks, from its own folder or from memory, and it is said why", async () => {
  const older = pairFolder();

  const fromFolder = await serve([refusedFolder(), older], here);
  const held = await serve([older], here);
  rmSync(join(older, MODEL_FILE));
  const fromMemory = await serve([refusedFolder(), older], here, held);

  for (const { scorer, because } of [fromFolder, fromMemory]) {
    assert.equal(scorer.policy, "qnet");
    assert.equal(because?.code, "model-mismatch");
  }
  assert.equal(fromMemory.scorer, held.scorer);
});

test("where no model may be served the rules rank as ever, and their limits say that a person is asked, and why", async () => {
  const { candidates, state } = drawnScene(4);
  const rows = candidates.map((one) => Array.from(one));

  const deleted = await serve(["/nowhere"], here);
  const refused = await serve([refusedFolder(), "/nowhere"], here);
  const none = await serve([], here);

  for (const [serving, code] of [
    [deleted, "no-model"],
    [refused, "model-mismatch"],
    [none, "no-model"],
  ] as const) {
    const { scorer, because, model } = serving;
    assert.deepEqual([scorer.policy, scorer.limits?.asks, model], ["rules", because, null]);
    assert.equal(because?.code, code);
    assert.deepEqual(await scorer.score(Array.from(state), rows), await POLICIES.rules?.score(Array.from(state), rows));
  }
});

test("a model that passes every check and that ONNX Runtime cannot open is refused like any other", async () => {
  const parts = networkParts();
  // The reference takes whole numbers as they are; the runtime has no such operator for them.
  const odd = modelBytes({
    initializers: [...parts.initializers, tensorProto("whole", 7, [1], [1])],
    nodes: [...parts.nodes, node("Tanh", ["whole"], "odd")],
  });

  const { because, scorer } = await serve([pairFolder(odd, manifestFor(odd))], here);

  assert.equal(because?.code, "model-mismatch");
  assert.match(because?.detail ?? "", /cannot be opened/);
  assert.equal(scorer.policy, "rules");
});

test("a folder whose files are something else altogether asks, and does not throw", async () => {
  for (const bytes of [new Uint8Array(), message(bytesField(1, "x")), tensorProto("t", FLOAT, [1], [1])]) {
    const { scorer } = await serve([pairFolder(bytes, manifestFor(bytes))], here);
    assert.equal(scorer.limits?.asks?.code, "model-mismatch");
  }
});
