import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { isBuiltin } from "node:module";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { buildSync, type Metafile } from "esbuild";
import { filesUnder, hashOfFiles } from "../functions/cli/code-hash.ts";
import type { Configuration } from "../functions/core/configuration.ts";
import { addFiles, type Bundle, NOT_BUNDLED } from "./bundle-files.ts";
import type { FunctionName } from "./names.ts";

const ROOT = join(import.meta.dirname, "..");

/** A bundle of a function, what sources went into each file of its code, and the hash of every file in it. */
export type FunctionBundle = Bundle & Readonly<{ code: Readonly<Record<string, readonly string[]>>; hash: string }>;

/**
 * Code of CommonJS in a bundle asks for what an ES module has not; no name here can meet one of the bundle.
 * (github.com/evanw/esbuild/issues/1921)
 */
const BANNER =
  'import{createRequire as __quellRequire}from"node:module";' +
  "const require=__quellRequire(import.meta.url),__filename=import.meta.filename,__dirname=import.meta.dirname;";

/** A function was asked for that nobody has written. */
export class NoSuchEntry extends Error {
  override readonly name = "NoSuchEntry";
}

/** Where a function begins. */
export const entryOf = (name: FunctionName): string => join("functions", "handlers", "deployed", `${name}.ts`);

/** The program that runs the network of a model in a process of its own, beside whoever starts it. */
const SESSION = { source: join("functions", "adapters", "onnx", "session-process.ts"), name: "session-process" };
const STARTS_SESSION = "functions/adapters/onnx/isolated.ts";

/**
 * Makes a function's bundle: `index.mjs`, its chunks, and every file that it reads. The same sources give the same bytes
 * on every machine, so what was not changed is not deployed again. It needs no network and no Docker.
 * @param folder an empty one; left out, one among the temporary files that goes with this process
 */
export const bundleOf = (
  name: FunctionName,
  options: Readonly<{ configuration: Configuration; architecture: Configuration["architecture"] }>,
  folder: string = temporary(name),
): FunctionBundle => {
  const entry = entryOf(name);
  if (!existsSync(join(ROOT, entry))) throw new NoSuchEntry(`${entry}: no such file; it is where ${name} begins`);
  const alone = built({ index: entry }, folder);
  const made = alone.sources.includes(STARTS_SESSION)
    ? built({ index: entry, [SESSION.name]: SESSION.source }, emptied(folder))
    : alone;
  addFiles(made, options);
  return { ...made, hash: hashOfFiles(folder, filesUnder(folder, ".")) };
};

const built = (entryPoints: Readonly<Record<string, string>>, folder: string): Omit<FunctionBundle, "hash"> => {
  const { metafile } = buildSync({
    absWorkingDir: ROOT,
    entryPoints,
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    chunkNames: "chunk-[hash]",
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node24",
    mainFields: ["module", "main"],
    minify: true,
    keepNames: true, // The journal and the logs tell errors by their names.
    legalComments: "none",
    banner: { js: BANNER },
    external: [NOT_BUNDLED],
    alias: { yaml: "./infra/no-yaml.ts" },
    metafile: true,
    logLevel: "error",
  });
  return { folder, ...contentOf(metafile) };
};

/** What came into each file of the output, and what the output loads from beside it. */
const contentOf = ({ outputs }: Metafile): Pick<FunctionBundle, "sources" | "externals" | "code"> => {
  const made = Object.values(outputs);
  const code = Object.entries(outputs).map(([file, { inputs }]) => {
    const kept = Object.entries(inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0);
    return [basename(file), kept.map(([path]) => path)] as const;
  });
  const loaded = made.flatMap(({ imports }) => imports.filter(({ external }) => external === true));
  return {
    sources: [...new Set(code.flatMap(([, paths]) => paths))].sort(),
    externals: [...new Set(loaded.map(({ path }) => path))].filter((path) => !isBuiltin(path)).sort(),
    code: Object.fromEntries(code),
  };
};

const emptied = (folder: string): string => {
  for (const file of filesUnder(folder, ".")) rmSync(join(folder, file));
  return folder;
};

const TEMPORARY: string[] = [];

const temporary = (name: string): string => {
  if (TEMPORARY.length === 0)
    process.once("exit", () => {
      for (const folder of TEMPORARY) rmSync(folder, { recursive: true, force: true });
    });
  const folder = mkdtempSync(join(tmpdir(), `quell-${name}-`));
  TEMPORARY.push(folder);
  return folder;
};
