import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { sha256 } from "../core/ids.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const SOURCES = ["functions", "runbooks", "policies"] as const;
const isCode = (path: string): boolean =>
  /\.(ts|yaml|cedar|cedarschema)$/.test(path) && !/\.(test|fixture|contract)\.ts$/.test(path);

/** Identifies the running code in a record: the hash of every source file's path and content, in order of path. */
export const codeHash = (): string => {
  const files = SOURCES.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" }).map((path) => join(folder, path)),
  );
  const hashes = files
    .filter(isCode)
    .sort()
    .map((path) => `${path} ${sha256(readFileSync(join(ROOT, path)))}`);
  return sha256(hashes.join("\n"));
};
