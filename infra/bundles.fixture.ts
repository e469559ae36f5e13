import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { parseConfiguration } from "../functions/core/configuration.ts";
import { EXAMPLE } from "./example.fixture.ts";
import { pinsOf } from "./pins.ts";

const PINNED = pinsOf(parseConfiguration(EXAMPLE));

/** What Lambda and the stack put into a function's environment, with nothing behind it. */
export const ENVIRONMENT = {
  AWS_REGION: "eu-west-1",
  AWS_LAMBDA_FUNCTION_NAME: "quell-test",
  AWS_ACCESS_KEY_ID: "none",
  AWS_SECRET_ACCESS_KEY: "none",
  QUELL_LEDGER_TABLE: "quell-ledger",
  QUELL_APPROVALS_TABLE: "quell-approvals",
  QUELL_BUCKET: "quell-bucket",
  QUELL_PAGE_TOPIC_ARN: "arn:aws:sns:eu-west-1:111122223333:quell-pages",
  QUELL_RESPOND_ARN: "arn:aws:lambda:eu-west-1:111122223333:function:quell-respond:live",
  QUELL_DRAFT_ARN: "arn:aws:lambda:eu-west-1:111122223333:function:quell-draft",
  QUELL_INTAKE_QUEUE_URL: "https://sqs.eu-west-1.amazonaws.com/111122223333/quell-alarms",
  QUELL_CODE_HASH: "0".repeat(64),
  QUELL_CATALOGUE_HASH: PINNED.catalogueHash,
  QUELL_GUARDRAILS_HASH: PINNED.guardrailsHash,
  QUELL_CONFIGURATION_HASH: PINNED.configurationHash,
  QUELL_MODEL_HASHES: PINNED.modelHashes,
} as const;

/**
 * Runs a line of JavaScript in a fresh process of an empty folder, where `at(path)` is a file of the bundle and `say` what
 * comes back as JSON. Nothing of the project is in reach but what the bundle holds.
 */
export const inFreshProcess = async (folder: string, script: string): Promise<unknown> => {
  const cwd = mkdtempSync(join(tmpdir(), "quell-empty-"));
  after(() => rmSync(cwd, { recursive: true, force: true }));
  const source = [
    `const at = (path) => new URL(path, ${JSON.stringify(pathToFileURL(`${folder}/`).href)}).href;`,
    "const say = (value) => process.stdout.write(JSON.stringify(value));",
    script,
    "process.exit(0);",
  ].join("\n");
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", source], {
    cwd,
    env: ENVIRONMENT,
    timeout: 60_000,
  });
  return JSON.parse(stdout);
};
