import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { sha256 } from "../core/ids.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const SOURCES: readonly string[] = ["functions", "runbooks", "policies/guardrails"];
/** Of what speaks to AWS, a simulated day only parses alarms. */
const ALARM_PARSERS = [
  ...["alarm-configuration", "alarm-event", "alarm-fields", "alarm-metrics", "delivery", "eventbridge-alarm"],
  ...[
    "json-pointer",
    "lambda-action",
    "reason-data",
    "sns-alarm",
    "sns-trigger",
    "sqs-batch",
    "state-change",
    "timestamp",
  ],
];
/** What the rows of a simulated day follow from, beside what is asked for. */
export const SIMULATOR: readonly string[] = [
  ...["functions/core", "functions/world", "functions/handlers/intake.ts", "functions/rollout/days"],
  ...ALARM_PARSERS.map((name) => `functions/adapters/aws/${name}.ts`),
  ...["functions/adapters/cedar", "functions/adapters/simulated"],
  ...["runbooks", "policies/guardrails", "policies/qnet/protocol.json", "policies/qnet/protocol.ts"],
];
const isCode = (path: string): boolean =>
  /\.(ts|yaml|cedar|cedarschema)$/.test(path) && !/\.(test|fixture|contract)\.ts$/.test(path);

/** Identifies the running code in a record. */
export const codeHash = (): string => hashOfCode(SOURCES);

/** Identifies the code that makes simulated days. */
export const simulatorHash = (): string => hashOfCode(SIMULATOR);

/**
 * The hash of the code in these folders, and of these files whatever they are, each once; paths are relative to the
 * project's root.
 */
export const hashOfCode = (paths: readonly string[]): string => {
  const files = paths.flatMap((path) => filesUnder(ROOT, path).filter((file) => file === path || isCode(file)));
  return hashOfFiles(ROOT, [...new Set(files)]);
};

/** Files at or under a path, each relative to the root as the path is. */
export const filesUnder = (root: string, path: string): readonly string[] => {
  const whole = join(root, path);
  if (statSync(whole).isFile()) return [path];
  return readdirSync(whole, { recursive: true, encoding: "utf8" })
    .map((name) => join(path, name))
    .filter((name) => statSync(join(root, name)).isFile());
};

/** The hash of every file's path and content, in order of path. */
export const hashOfFiles = (root: string, files: readonly string[]): string =>
  sha256(
    files
      .toSorted()
      .map((path) => `${path} ${sha256(readFileSync(join(root, path)))}`)
      .join("\n"),
  );
