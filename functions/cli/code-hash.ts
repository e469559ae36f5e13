import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { sha256 } from "../core/ids.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const SOURCES: readonly string[] = ["functions", "runbooks", "policies/guardrails"];
/** What a simulated day is made of; how days are counted and judged is not. */
const SIMULATOR: readonly string[] = [
  ...["functions/core", "functions/world", "functions/adapters/simulated", "functions/rollout/days"],
  ...["runbooks", "policies/guardrails"],
];
const isCode = (path: string): boolean =>
  /\.(ts|yaml|cedar|cedarschema)$/.test(path) && !/\.(test|fixture|contract)\.ts$/.test(path);

/** Identifies the running code in a record: the hash of every source file's path and content, in order of path. */
export const codeHash = (): string => hashOfFiles(SOURCES);

/** Identifies the code that makes simulated days, in the same way. */
export const simulatorHash = (): string => hashOfFiles(SIMULATOR);

const hashOfFiles = (folders: readonly string[]): string => {
  const files = folders.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" }).map((path) => join(folder, path)),
  );
  const hashes = files
    .filter(isCode)
    .sort()
    .map((path) => `${path} ${sha256(readFileSync(join(ROOT, path)))}`);
  return sha256(hashes.join("\n"));
};
