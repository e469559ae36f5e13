import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
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

const ROOT = join(import.meta.dirname, "..");
const CONFIGURATION = parseConfiguration(EXAMPLE);
/** Of this machine: what was copied beside respond is then run. */
const ARCHITECTURE = process.arch === "arm64" ? "arm64" : "x86_64";

const bundled = (name: FunctionName, architecture: "arm64" | "x86_64" = ARCHITECTURE): FunctionBundle => {
  const folder = mkdtempSync(join(tmpdir(), "quell-bundle-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  return bundleOf(name, { configuration: CONFIGURATION, architecture }, folder);
};
const BUNDLES = new Map(FUNCTIONS.map((name) => [name, bundled(name)]));
/** Made once for all who only look at it. */
const bundleNamed = (name: FunctionName): FunctionBundle => BUNDLES.get(name) ?? bundled(name);

for (const name of FUNCTIONS) {
  test(`the bundle of ${name} loads where there is nothing else, and has a handler`, async () => {
    const { folder } = bundleNamed(name);

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
    "guardrails.json",
    "cedar_wasm_bg.wasm",
  ])
    assert.ok(existsSync(join(folder, path)), path);
});

test("no function but respond loads the runtime of the model, and none but draft a language model's client", () => {
  const bundles = FUNCTIONS.map((name) => ({ name, ...bundleNamed(name) }));

  const withRuntime = bundles.filter(({ externals }) => externals.includes(NOT_BUNDLED)).map(({ name }) => name);
  const withClient = bundles
    .filter(({ sources }) => sources.some((path) => path.startsWith("node_modules/@anthropic-ai/")))
    .map(({ name }) => name);

  assert.deepEqual(withRuntime, ["respond"]);
  assert.deepEqual(withClient, ["draft"]);
});

/** The sources that a process has in memory once it has imported a function's bundle. */
const atStart = async ({ folder, code }: FunctionBundle): Promise<readonly string[]> => {
  const loaded = await inFreshProcess(
    folder,
    `const loaded = [];
    const { registerHooks } = await import("node:module");
    registerHooks({ load: (url, context, next) => (loaded.push(url.split("/").at(-1)), next(url, context)) });
    await import(at("index.mjs"));
    say(loaded);`,
  );
  return (loaded as readonly string[]).flatMap((file) => code[file] ?? []);
};
const packagesIn = (sources: readonly string[]): readonly string[] =>
  [...new Set(sources.flatMap((path) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []))].toSorted();

const OF_EVERY_INVOCATION = ["cloudwatch", "dynamodb", "lambda", "s3", "secrets-manager", "sns", "ssm"];
const CLIENTS = {
  respond: [...OF_EVERY_INVOCATION, "cloudtrail", "cloudwatch-logs"],
  reconcile: OF_EVERY_INVOCATION,
} as const;

for (const name of ["respond", "reconcile"] as const)
  test(`importing ${name} loads the clients of what every invocation asks, and no control plane's, engine or tool of people`, async () => {
    const bundle = bundleNamed(name);

    const packages = packagesIn(await atStart(bundle));

    assert.deepEqual(
      packages.filter((one) => one.startsWith("@aws-sdk/client-")),
      CLIENTS[name].map((client) => `@aws-sdk/client-${client}`).toSorted(),
    );
    assert.deepEqual(
      packages.filter((one) => /^(@cedar-policy|@octokit|@slack|onnxruntime-)/.test(one)),
      [],
    );
  });

test("all that respond loads later is in its bundle, and loads where there is nothing else", async () => {
  const { folder, code, sources } = bundleNamed("respond");

  const files = Object.keys(code).filter((file) => file !== "session-process.mjs");
  const loads = files.map((file) => `await import(at(${JSON.stringify(file)}));`);
  const done = await inFreshProcess(folder, `${loads.join("\n")} say(true);`);

  assert.equal(done, true);
  const later = ["client-cloudfront", "client-rds", "cedar-wasm"].filter((name) =>
    packagesIn(sources).some((one) => one.endsWith(name)),
  );
  assert.equal(later.length, 3);
});

for (const name of FUNCTIONS)
  test(`${name} imports no package late: of one that is imported as a whole nothing could be left out`, () => {
    const { sources } = bundleNamed(name);

    const ours = sources.filter((path) => !path.startsWith("node_modules/"));

    assert.deepEqual(
      ours.filter((path) => /\bimport\(\s*"[^.]/.test(readFileSync(join(ROOT, path), "utf8"))),
      [],
    );
  });

test("the network says in the bundle's own process what it says here, to the last bit", async () => {
  const { folder } = bundleNamed("respond");
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
