import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { deflateRawSync } from "node:zlib";
import { filesUnder } from "../functions/cli/code-hash.ts";
import type { Configuration } from "../functions/core/configuration.ts";
import { bundleOf } from "./bundle.ts";
import { FUNCTIONS, type FunctionName } from "./names.ts";

/** How large a function is, and how long its code takes to load: the part of a cold start that is its own. */
export type BundleSize = Readonly<{
  name: FunctionName;
  /** As a zip holds it; what is uploaded. */
  zippedBytes: number;
  /** Lambda takes 250 MB (docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html). */
  unzippedBytes: number;
  /** Of one process that loads it and calls nothing, ms; the least of the tries. */
  importMs: number;
}>;

/** A file's entries in a zip: a local header and one of the directory, each with its name (PKWARE's APPNOTE, 4.3). */
const ENTRY_BYTES = 30 + 46;

/**
 * Measures every function's bundle on this machine.
 * @param environment of the process that loads it: what the stack would tell it
 */
export const bundleSizes = (
  configuration: Configuration,
  environment: Readonly<Record<string, string>>,
  tries = 3,
): readonly BundleSize[] =>
  FUNCTIONS.map((name) => {
    const bundled = <T>(architecture: Configuration["architecture"], measure: (folder: string) => T): T => {
      const folder = mkdtempSync(join(tmpdir(), "quell-size-"));
      try {
        bundleOf(name, { configuration, architecture }, folder);
        return measure(folder);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    };
    // As large as it is deployed, and as fast as this machine's processor can load it.
    return {
      name,
      ...bundled(configuration.architecture, bytesIn),
      importMs: bundled(process.arch === "arm64" ? "arm64" : "x86_64", (folder) =>
        Math.min(...Array.from({ length: tries }, () => importMs(folder, environment))),
      ),
    };
  });

const bytesIn = (folder: string): Pick<BundleSize, "zippedBytes" | "unzippedBytes"> => {
  const files = filesUnder(folder, ".");
  const zipped = files.map(
    (path) => deflateRawSync(readFileSync(join(folder, path))).length + ENTRY_BYTES + 2 * path.length,
  );
  return { zippedBytes: sum(zipped), unzippedBytes: sum(files.map((path) => statSync(join(folder, path)).size)) };
};

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);

const importMs = (folder: string, environment: Readonly<Record<string, string>>): number => {
  const bundle = JSON.stringify(pathToFileURL(join(folder, "index.mjs")).href);
  const script = `const from = performance.now(); await import(${bundle}); process.stdout.write(String(performance.now() - from)); process.exit(0);`;
  const args = ["--input-type=module", "--eval", script];
  return Number(execFileSync(process.execPath, args, { cwd: folder, env: { ...environment }, encoding: "utf8" }));
};
