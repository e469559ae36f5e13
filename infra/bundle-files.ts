import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { parse } from "yaml";
import type { Configuration } from "../functions/core/configuration.ts";
import { loadGuardrails } from "../policies/guardrails/load.ts";

const ROOT = join(import.meta.dirname, "..");
const require = createRequire(import.meta.url);

/** A bundle as it was made: where it lies, and which sources went into it, relative to the project's root. */
export type Bundle = Readonly<{ folder: string; sources: readonly string[]; externals: readonly string[] }>;
type Options = Readonly<{ configuration: Configuration; architecture: Configuration["architecture"] }>;

/** What bundles never hold: it lies beside them, and is loaded as it stands. */
export const NOT_BUNDLED = "onnxruntime-node";

/** Files that code reads beside itself when it runs, by the source that reads them. */
const BESIDE: readonly Readonly<{ readBy: string; copy: (bundle: Bundle, options: Options) => void }>[] = [
  { readBy: "runbooks/load-document.ts", copy: ({ folder }) => copyRunbooks(folder) },
  { readBy: "functions/handlers/deployed/guardrails.ts", copy: ({ folder }) => copyGuardrails(folder) },
  { readBy: "functions/adapters/onnx/isolated.ts", copy: ({ folder }, options) => copyModel(folder, options) },
];

/**
 * Puts beside a bundle all that it reads when it runs: its configuration, and whatever the sources in it ask for.
 * Every file can then be read by anybody, as Lambda needs, whatever the umask of the machine that made it.
 */
export const addFiles = (bundle: Bundle, options: Options): void => {
  writeFileSync(join(bundle.folder, "quell.json"), `${JSON.stringify(options.configuration, null, 2)}\n`);
  for (const { readBy, copy } of BESIDE) if (bundle.sources.includes(readBy)) copy(bundle, options);
  if (bundle.sources.some((source) => source.endsWith("/cedar-wasm/nodejs/cedar_wasm.js"))) copyCedar(bundle.folder);
  readable(bundle.folder);
};

const copyRunbooks = (folder: string): void => {
  const from = join(ROOT, "runbooks");
  for (const id of readdirSync(from))
    for (const name of ["automation.yaml", "undo.yaml"])
      if (existsSync(join(from, id, name))) copyAsJson(join(from, id, name), join(folder, id, name));
};

/** Each policy by its name: to part their files takes the engine, and only a question needs that. */
const copyGuardrails = (folder: string): void => {
  writeFileSync(join(folder, "guardrails.json"), `${JSON.stringify(loadGuardrails(), null, 2)}\n`);
};

const copyCedar = (folder: string): void => {
  const script = require.resolve("@cedar-policy/cedar-wasm/nodejs");
  copyFile(join(dirname(script), "cedar_wasm_bg.wasm"), join(folder, "cedar_wasm_bg.wasm"));
};

/** As the npm package names what Lambda names otherwise. */
const CPU = { arm64: "arm64", x86_64: "x64" } as const;

/** The released model, and of ONNX Runtime what it takes to run it on the CPU of Lambda: the whole package has six systems. */
const copyModel = (folder: string, { architecture }: Options): void => {
  cpSync(join(ROOT, "policies", "qnet", "released"), join(folder, "released"), {
    recursive: true,
    filter: (path) => !path.endsWith(".html"),
  });
  const runtime = dirname(require.resolve(`${NOT_BUNDLED}/package.json`));
  const common = join(dirname(runtime), "onnxruntime-common");
  const native = join("bin", "napi-v6", "linux", CPU[architecture]);
  for (const [from, names] of [
    [runtime, ["package.json", "dist", join(native, "libonnxruntime.so.1"), join(native, "onnxruntime_binding.node")]],
    [common, ["package.json", join("dist", "cjs")]],
  ] as const)
    for (const name of names)
      cpSync(join(from, name), join(folder, "node_modules", basename(from), name), {
        recursive: true,
        filter: (path) => !/\.(d\.ts|map)$/.test(path),
      });
};

/** A document as JSON, which is YAML as well: thirty-five of them are then read in a millisecond, and not in eighty. */
const copyAsJson = (from: string, to: string): void => {
  mkdirSync(dirname(to), { recursive: true });
  writeFileSync(to, JSON.stringify(parse(readFileSync(from, "utf8"), { uniqueKeys: true, maxAliasCount: 0 })));
};

const copyFile = (from: string, to: string): void => {
  mkdirSync(dirname(to), { recursive: true });
  writeFileSync(to, readFileSync(from));
};

const readable = (folder: string): void => {
  chmodSync(folder, 0o755);
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    const path = join(folder, name);
    chmodSync(path, statSync(path).isDirectory() ? 0o755 : 0o644);
  }
};
