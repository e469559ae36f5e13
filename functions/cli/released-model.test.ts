import assert from "node:assert/strict";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { manifestFor, modelBytes, pairFolder } from "../adapters/onnx/model.fixture.ts";
import { MODEL_POLICIES } from "../adapters/onnx/onnx-scorer.ts";
import { defaultPolicy, servedModel } from "./released-model.ts";

const served = async (folder: string) => {
  let err = "";
  const write = (text: string): void => {
    err += text;
  };
  return { serving: await servedModel("qnet", write, { isolation: "none" }, folder), err: () => err };
};

test("a folder with a model makes qnet the policy that nobody has to name; without one it is the rules", () => {
  assert.deepEqual([defaultPolicy(pairFolder()), defaultPolicy("/nowhere")], ["qnet", "rules"]);
});

test("a released model speaks, as each policy that it holds, and nothing is said on stderr", async () => {
  const { serving, err } = await served(pairFolder());

  assert.deepEqual([serving.scorer.policy, err()], ["qnet", ""]);
  for (const name of MODEL_POLICIES)
    assert.equal((await servedModel(name, () => {}, { isolation: "none" }, pairFolder())).scorer.policy, name);
});

test("where the released model is refused the one before it serves, and stderr says so", async () => {
  const folder = pairFolder(modelBytes(), {});
  cpSync(pairFolder(), join(folder, "last-good"), { recursive: true });

  const { serving, err } = await served(folder);

  assert.match(err(), /^quell: qnet cannot be served: [^\n]*; the model of [^\n]* serves in its place\n$/);
  assert.deepEqual([serving.scorer.policy, serving.scorer.limits?.asks], ["qnet", null]);
});

test("a released model that is refused is said on one line with the reason, and the rules ask in its place", async () => {
  const bytes = modelBytes();
  const gate = { verdict: "refused", reasons: [], undecided: [], approval: [] };

  const { serving, err } = await served(pairFolder(bytes, manifestFor(bytes, { gate })));

  assert.match(err(), /^quell: qnet cannot be served: the model has not passed its gate[^\n]*people are asked\n$/);
  assert.equal(serving.scorer.policy, "rules");
  assert.equal(serving.scorer.limits?.asks?.code, "model-mismatch");
});
