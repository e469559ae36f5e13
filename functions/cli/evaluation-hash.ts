import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { sha256 } from "../core/ids.ts";

const ROOT = join(import.meta.dirname, "..", "..");
/** What plays a day and judges it, and the protocol that it is judged by. */
const JUDGING: readonly string[] = [
  ...["functions/rollout", "functions/core", "functions/world", "functions/handlers"],
  ...["functions/adapters/cedar", "functions/adapters/aws", "functions/adapters/simulated"],
  ...["runbooks", "policies/guardrails", "policies/qnet/protocol.json"],
];
const isCode = (path: string): boolean =>
  /\.(ts|yaml|cedar|cedarschema|json)$/.test(path) && !/\.(test|fixture|contract)\.ts$/.test(path);

/** Identifies the code that played days follow from: the hash of every file's path and content, in order of path. */
export const evaluationHash = (): string => hashOf(ROOT, JUDGING.flatMap((path) => filesIn(ROOT, path)).filter(isCode));

/** What training leaves beside a model, by the first word of its name: what is said of it, and where to go on from. */
const isAside = (path: string): boolean => /^(report|checkpoint)/.test(path);

/** Identifies a model by everything that it is loaded from. @param folder that training wrote */
export const modelHash = (folder: string): string =>
  hashOf(
    folder,
    filesIn(folder, "").filter((path) => !isAside(path)),
  );

/** Files at or under a path, relative to the root. */
const filesIn = (root: string, path: string): readonly string[] => {
  const whole = join(root, path);
  if (statSync(whole).isFile()) return [path];
  return readdirSync(whole, { recursive: true, encoding: "utf8" })
    .map((name) => join(path, name))
    .filter((name) => statSync(join(root, name)).isFile());
};

const hashOf = (root: string, files: readonly string[]): string =>
  sha256(
    files
      .toSorted()
      .map((path) => `${path} ${sha256(readFileSync(join(root, path)))}`)
      .join("\n"),
  );
