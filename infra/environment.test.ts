import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { parseConfiguration } from "../functions/core/configuration.ts";
import { bundleOf, type FunctionBundle } from "./bundle.ts";
import { ENVIRONMENT } from "./bundles.fixture.ts";
import { EXAMPLE } from "./example.fixture.ts";
import { FUNCTIONS, type FunctionName } from "./names.ts";

// Lambda puts a function's credentials into its environment: they stand in no log and in no error.

const BUNDLES = new Map<FunctionName, FunctionBundle>(
  FUNCTIONS.map((name) => [
    name,
    bundleOf(name, { configuration: parseConfiguration(EXAMPLE), architecture: "arm64" }),
  ]),
);

const CANARIES = {
  AWS_ACCESS_KEY_ID: "canary-id-1f0c",
  AWS_SECRET_ACCESS_KEY: "canary-key-7b22",
  AWS_SESSION_TOKEN: "canary-token-93de",
  ANTHROPIC_API_KEY: "canary-anthropic-5a11",
  SOMEBODYS_PASSWORD: "canary-password-c0de",
};
/** Nobody listens there: every call to AWS fails. */
const NOWHERE = "http://127.0.0.1:9";

const record = { messageId: "m", body: "no alarm", eventSource: "aws:sqs", attributes: {}, messageAttributes: {} };
const EVENTS = [
  null,
  {},
  { kind: "reconcile" },
  { kind: "daily" },
  { Records: [record] },
  {
    version: "2.0",
    rawPath: "/slack",
    headers: { "x-slack-signature": "v0=0" },
    body: "payload=1",
    isBase64Encoded: false,
  },
  { DurableExecutionArn: "arn", CheckpointToken: "t", InitialExecutionState: { Operations: [], NextMarker: "" } },
  {
    source: "aws.ecs",
    "detail-type": "ECS Deployment State Change",
    detail: {},
    resources: [],
    account: "1",
    region: "r",
  },
  ...[
    {
      model: "m",
      effort: "low",
      system: "s",
      catalogue: "c",
      data: "d",
      schema: {},
      maxOutputTokens: 9,
      timeoutMs: 500,
    },
  ],
];

/** All that a function writes, and how Lambda would show what it throws, while every call that it makes fails. */
const writtenBy = (name: FunctionName): Promise<string> => {
  const { folder = "" } = BUNDLES.get(name) ?? {};
  const source = `
    const { inspect } = await import("node:util");
    const { handler } = await import(${JSON.stringify(pathToFileURL(join(folder, "index.mjs")).href)});
    const context = { invokedFunctionArn: "arn:aws:lambda:eu-west-1:111122223333:function:quell-${name}", awsRequestId: "r" };
    for (const event of ${JSON.stringify(EVENTS)})
      await handler(event, { ...context, getRemainingTimeInMillis: () => 1000 }).then(
        (answer) => console.log(inspect(answer, { depth: 20 })),
        (error) => console.error(inspect(error, { depth: 20 }), JSON.stringify(error), error?.stack),
      );
    process.exit(0);`;
  const env = {
    ...{ ...ENVIRONMENT, ...CANARIES, POWERTOOLS_LOG_LEVEL: "DEBUG" },
    ...{ AWS_ENDPOINT_URL: NOWHERE, ANTHROPIC_BASE_URL: NOWHERE, AWS_MAX_ATTEMPTS: "1" },
  };
  const options = { env, timeout: 120_000, maxBuffer: 50_000_000 };
  return new Promise((resolve, reject) =>
    execFile(process.execPath, ["--input-type=module", "--eval", source], options, (error, stdout, stderr) =>
      error === null ? resolve(stdout + stderr) : reject(new Error(stderr, { cause: error })),
    ),
  );
};

for (const name of FUNCTIONS)
  test(`${name} writes no word of its environment that is a secret, whatever fails`, async () => {
    const written = await writtenBy(name);

    assert.ok(written.length > 200, written);
    assert.deepEqual(
      Object.values(CANARIES).filter((canary) => written.includes(canary)),
      [],
    );
  });

/** Where an environment may be handed on as a whole: to who reads names out of it. */
const READERS =
  /clientSettings\(process\.env\)|readSurroundings\(\s*process\.env,|draftReaches\(configuration, process\.env\)|= process\.env\b/g;

test("no source of a function hands its environment on but to who reads names out of it, least of all to a process", () => {
  const sources = new Set(
    [...BUNDLES.values()].flatMap(({ sources: all }) => all).filter((path) => /^functions\//.test(path)),
  );
  const texts = [...sources].map((path) => ({
    path,
    text: readFileSync(join(import.meta.dirname, "..", path), "utf8"),
  }));

  const whole = texts.filter(({ text }) => /process\.env\b(?!\.[A-Z])/.test(text.replace(READERS, "")));
  const starting = texts.filter(({ text }) => text.includes('"node:child_process"'));
  const given = starting.filter(({ text }) => !/env: \{\}/.test(text));

  assert.ok(texts.length > 100 && starting.length > 0);
  assert.deepEqual(
    [...whole, ...given].map(({ path }) => path),
    [],
  );
});
