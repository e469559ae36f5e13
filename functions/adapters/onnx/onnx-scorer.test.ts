import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { POLICIES } from "../../core/policies.ts";
import type { Verdict } from "../../core/stages.ts";
import { scorerContract } from "../contracts/scorer.contract.ts";
import { askingRules } from "./fallback.ts";
import { type Heads, type Inference, MASKED, type Scene } from "./inference.ts";
import { checkPair, loadModel, MODEL_FILE } from "./load-model.ts";
import { drawnScene, manifestFor, modelBytes, pairFolder } from "./model.fixture.ts";
import { BadNumbers, onnxScorer } from "./onnx-scorer.ts";
import { openModel } from "./open-model.ts";
import { referenceHeads } from "./reference.ts";

const FOLDER = pairFolder();
const opened = async (folder: string, policy: "qnet" | "clone", isolated = false) => {
  const model = await openModel(folder, { policy, gated: false, ...(isolated ? {} : { isolation: "none" }) });
  assert.ok(model.kind === "open");
  return model;
};
const scorerOf = async (policy: "qnet" | "clone", isolated = false) => (await opened(FOLDER, policy, isolated)).scorer;

const { rules } = POLICIES;
assert.ok(rules !== undefined);
scorerContract("the rules", async () => rules);
scorerContract("asking rules", async () => askingRules({ code: "no-model", detail: "there is none" }));
scorerContract("a model in this thread", () => scorerOf("qnet"));
scorerContract("a model in a process of its own", () => scorerOf("qnet", true));
scorerContract("what people would do", () => scorerOf("clone"));

const released = join(import.meta.dirname, "../../../policies/qnet/released");
if (existsSync(join(released, MODEL_FILE))) {
  scorerContract("the released model", async () => (await opened(released, "qnet")).scorer);

  test("the released model passed its gate, and is served", () => {
    assert.equal(loadModel(released).kind, "loaded");
  });
}

const verdictsOf = ({ allowed }: Scene) =>
  allowed.map((isAllowed) => ({ kind: isAllowed ? "allowed" : "refused" }) as Verdict);
const manifestOf = () => {
  const model = modelBytes();
  const load = checkPair({ model, manifest: JSON.stringify(manifestFor(model)) });
  assert.ok(load.kind === "loaded");
  return load;
};

test("the rank is q, value and support by the manifest's weights, member by member, worked out the slow way", async () => {
  const { manifest, file } = manifestOf();
  const scene = drawnScene(7);
  const heads = referenceHeads(file, scene);
  const scorer = await scorerOf("qnet");

  const scores = await scorer.score(
    [...Array.from(scene.state)],
    scene.candidates.map((one) => Array.from(one)),
    verdictsOf(scene),
  );

  const most = Math.max(...Array.from(heads.log_pi_b));
  for (const [k, score] of scores.entries()) {
    const behind = scene.allowed[k] === true ? (heads.log_pi_b[k] ?? 0) - most : 0;
    const members = [0, 1].map((m) => {
      const at = m * 7 + k;
      return manifest.rank.q * (heads.q[at] ?? 0) + manifest.rank.value * (heads.value[at] ?? 0) + 0.25 * behind;
    });
    for (const [m, member] of members.entries())
      assert.ok(Math.abs(member - (score.outlook?.members[m] ?? Number.NaN)) < 1e-5);
    assert.ok(Math.abs((score.outlook?.support ?? 0) - (scene.allowed[k] === true ? Math.exp(behind) : 0)) < 1e-5);
  }
});

test("what people would do ranks by their probability, which says nothing for what was refused", async () => {
  const { file } = manifestOf();
  const scene = drawnScene(7);
  const heads = referenceHeads(file, scene);
  const scorer = await scorerOf("clone");

  const scores = await scorer.score(
    Array.from(scene.state),
    scene.candidates.map((one) => Array.from(one)),
    verdictsOf(scene),
  );

  for (const [k, { q }] of scores.entries()) {
    assert.ok(Math.abs(q.mean - (heads.log_pi_b[k] ?? 0)) < 1e-5);
    assert.equal(q.sd, 0);
    if (scene.allowed[k] !== true) assert.equal(q.mean, MASKED);
  }
});

test("limits, hash and what ties are the manifest's own", async () => {
  const { manifest } = manifestOf();

  const { limits, modelHash, draw, policy } = await scorerOf("qnet");

  const { m, delta, support, distance, tie, tiers } = manifest.thresholds;
  assert.deepEqual(limits, { m, delta, support, distance, tiers, approval: ["ecs-rollback"], asks: null });
  assert.deepEqual([modelHash, draw, policy], [manifest.model.sha256, { epsilon: 0, delta: tie }, "qnet"]);
});

test("a scene with a feature that is no number is not shown to the model, and no score of it is one", async () => {
  const scorer = await scorerOf("qnet");
  const scene = drawnScene(4);
  const candidates = scene.candidates.map((one) => Array.from(one));
  const state = Array.from(scene.state);

  for (const odd of [Number.NaN, Number.POSITIVE_INFINITY, 1e300]) {
    const inState = await scorer.score(state.with(3, odd), candidates);
    const inCandidate = await scorer.score(state, candidates.with(1, candidates[1]?.with(5, odd) ?? []));
    for (const { q } of [...inState, ...inCandidate]) assert.ok(Number.isNaN(q.mean));
  }
});

const K = 3;
const GOOD_HEADS: Heads = {
  q: [-1, -2, -3, -1, -2, -3],
  value: [-1, -2, -3, -1, -2, -3],
  p_recover: [0.5, 0.5, 0.5, 0.5, 0.5, 0.5],
  p_harm: [0.1, 0.1, 0.1, 0.1, 0.1, 0.1],
  log_pi_b: [-1, -1, -1],
  ood: [1],
};
const saying = (heads: Heads): Inference => ({ run: async () => heads, close: async () => {} });
const scoring = async (heads: Heads) => {
  const { manifest } = manifestOf();
  const scene = drawnScene(K);
  const scorer = onnxScorer("qnet", manifest, saying(heads), "best");
  return scorer.score(
    Array.from(scene.state),
    scene.candidates.map((one) => Array.from(one)),
  );
};

test("an answer that cannot be is no answer: numbers that are none, probabilities above 1, lists of another length", async () => {
  assert.equal((await scoring(GOOD_HEADS)).length, K);
  for (const name of ["q", "value", "p_recover", "p_harm", "log_pi_b", "ood"] as const) {
    const good = Array.from(GOOD_HEADS[name]);
    for (const odd of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
      await assert.rejects(scoring({ ...GOOD_HEADS, [name]: good.with(-1, odd) }), BadNumbers, name);
    await assert.rejects(scoring({ ...GOOD_HEADS, [name]: good.slice(1) }), BadNumbers, name);
    await assert.rejects(scoring({ ...GOOD_HEADS, [name]: [...good, 0] }), BadNumbers, name);
  }
  for (const change of [
    { p_harm: [2, 0, 0, 0, 0, 0] },
    { p_recover: [-1, 0, 0, 0, 0, 0] },
    { log_pi_b: [1, 0, 0] },
    { ood: [-1] },
  ])
    await assert.rejects(scoring({ ...GOOD_HEADS, ...change }), BadNumbers);
});

test("vectors of another length than the model reads, and more candidates than any scene has, are refused", async () => {
  const scorer = await scorerOf("qnet");
  const { state, candidates } = drawnScene(65);
  const rows = candidates.map((one) => Array.from(one));

  await assert.rejects(scorer.score(Array.from(state), rows), BadNumbers);
  await assert.rejects(scorer.score([0], rows.slice(1)), BadNumbers);
  await assert.rejects(scorer.score(Array.from(state), [[0]]), BadNumbers);
});
