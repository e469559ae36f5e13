import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { loadModel } from "../functions/adapters/onnx/load-model.ts";
import { drawnScene } from "../functions/adapters/onnx/model.fixture.ts";
import { inferenceOf } from "../functions/adapters/onnx/open-model.ts";
import { filesUnder } from "../functions/cli/code-hash.ts";
import { RELEASED } from "../functions/cli/released-model.ts";
import { parseConfiguration } from "../functions/core/configuration.ts";
import { bundleOf, type FunctionBundle } from "./bundle.ts";
import { NOT_BUNDLED } from "./bundle-files.ts";
import { bundleSizes } from "./bundle-sizes.ts";
import { ENVIRONMENT, inFreshProcess } from "./bundles.fixture.ts";
import { EXAMPLE } from "./example.fixture.ts";
import { FUNCTIONS, type FunctionName } from "./names.ts";

const CONFIGURATION = parseConfiguration(EXAMPLE);
/** Of this machine: what was copied beside respond is then run. */
const ARCHITECTURE = process.arch === "arm64" ? "arm64" : "x86_64";

const bundled = (name: FunctionName, architecture: "arm64" | "x86_64" = ARCHITECTURE): FunctionBundle => {
  const folder = mkdtempSync(join(tmpdir(), "quell-bundle-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  return bundleOf(name, { configuration: CONFIGURATION, architecture }, folder);
};

for (const name of FUNCTIONS) {
  test(`the bundle of ${name} loads where there is nothing else, and has a handler`, async () => {
    const { folder } = bundled(name);

    const kind = await inFreshProcess(folder, 'say(typeof (await import(at("index.mjs"))).handler);');

    assert.equal(kind, "function");
  });
}

test("the same sources make the same bytes, wherever they are put", () => {
  const [one, other] = [bundled("respond"), bundled("respond")];

  assert.equal(one.hash, other.hash);
  assert.notEqual(one.folder, other.folder);
});

test("respond holds the model, its runtime for one processor, the runbooks and the guardrails", () => {
  const { folder } = bundled("respond", "arm64");

  const files = filesUnder(folder, ".");

  const native = files.filter((path) => /onnxruntime-node\/bin\//.test(path));
  assert.deepEqual(native.map((path) => path.split("/").slice(-2).join("/")).toSorted(), [
    "arm64/libonnxruntime.so.1",
    "arm64/onnxruntime_binding.node",
  ]);
  for (const path of [
    "quell.json",
    "session-process.mjs",
    "released/model.onnx",
    "released/manifest.json",
    "ecs-rollback/automation.yaml",
    "ecs-rollback/undo.yaml",
    "effects.cedar",
    "schema.cedarschema",
    "cedar_wasm_bg.wasm",
  ])
    assert.ok(existsSync(join(folder, path)), path);
});

test("no function but respond loads the runtime of the model, and none but draft a language model's client", () => {
  const bundles = FUNCTIONS.map((name) => ({ name, ...bundled(name) }));

  const withRuntime = bundles.filter(({ externals }) => externals.includes(NOT_BUNDLED)).map(({ name }) => name);
  const withClient = bundles
    .filter(({ sources }) => sources.some((path) => path.startsWith("node_modules/@anthropic-ai/")))
    .map(({ name }) => name);

  assert.deepEqual(withRuntime, ["respond"]);
  assert.deepEqual(withClient, ["draft"]);
});

test("the network says in the bundle's own process what it says here, to the last bit", async () => {
  const { folder } = bundled("respond");
  const loaded = loadModel(RELEASED);
  assert.equal(loaded.kind, "loaded");
  if (loaded.kind !== "loaded") return;

  const deployed = await inferenceOf(loaded, { program: join(folder, "session-process.mjs"), startMs: 60_000 });
  const here = await inferenceOf(loaded, "none");

  const scene = drawnScene(8);
  assert.deepEqual(await deployed.run(scene), await here.run(scene));
  await Promise.all([deployed.close(), here.close()]);
});

test("every file of a bundle can be read by anybody, whatever the umask of the machine that made it", () => {
  const before = process.umask(0o077);
  after(() => process.umask(before));

  const { folder } = bundled("respond");

  const modes = filesUnder(folder, ".").map((path) => statSync(join(folder, path)).mode & 0o777);
  assert.deepEqual([...new Set(modes)], [0o644]);
  process.umask(before);
});

test("each function is far below what Lambda takes", () => {
  const sizes = bundleSizes(CONFIGURATION, ENVIRONMENT, 1);

  assert.deepEqual(
    sizes.map(({ name }) => name),
    [...FUNCTIONS],
  );
  for (const { name, zippedBytes, unzippedBytes, importMs } of sizes) {
    assert.ok(zippedBytes < 50_000_000 && unzippedBytes < 250_000_000, name);
    assert.ok(zippedBytes < unzippedBytes && importMs > 0, name);
  }
});
