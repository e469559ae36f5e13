import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { type Measured, median, time } from "./measured.ts";

const RUNS = 7;
const BYTES_PER_MB = 1_000_000;
const ROOT = join(import.meta.dirname, "..", "..");
const ENTRY = 'export { respondWith } from "./functions/handlers/respond.ts";';
/** CommonJS packages ask for Node's own modules by `require`, which an ES module does not have. */
const REQUIRE = 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);';
const IMPORT =
  "const startMs = performance.now(); await import(process.argv[1]); console.log(performance.now() - startMs);";

const bundleInto = (outfile: string) =>
  build({
    stdin: { contents: ENTRY, resolveDir: ROOT, loader: "ts" },
    outfile,
    bundle: true,
    minify: true,
    format: "esm",
    platform: "node",
    target: "node24",
    mainFields: ["module", "main"],
    banner: { js: REQUIRE },
    logLevel: "error",
  });

/**
 * The `respond` handler as one file with everything in it: how long a fresh process takes to import it, from a folder
 * where no package could be found, and its size. A Lambda zip is deflate, as gzip is.
 */
export const respondBundle = async (): Promise<readonly Measured[]> => {
  const folder = mkdtempSync(join(tmpdir(), "quell-bench-"));
  try {
    const file = join(folder, "respond.mjs");
    await bundleInto(file);
    const run = promisify(execFile);
    const times: number[] = [];
    for (let index = 0; index < RUNS; index += 1) {
      const args = ["--input-type=module", "--eval", IMPORT, pathToFileURL(file).href];
      const { stdout } = await run(process.execPath, args, { cwd: folder });
      times.push(Number(stdout));
    }
    const bytes = gzipSync(readFileSync(file), { level: 9 }).length;
    const megabytes = { value: bytes / BYTES_PER_MB, unit: "MB", budget: { most: 15 }, costMs: null } as const;
    return [time("respond bundle, import", median(times), 200), { name: "respond bundle, gzip", ...megabytes }];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
