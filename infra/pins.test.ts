import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { CreateTopicCommand, SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { createLedgerTable } from "../functions/adapters/aws/dynamodb-tables.fixture.ts";
import { variableOf } from "../functions/adapters/aws/surroundings.ts";
import { type Emulator, startMoto } from "../functions/adapters/emulators/emulators.fixture.ts";
import { manifestFor } from "../functions/adapters/onnx/model.fixture.ts";
import { parseConfiguration } from "../functions/core/configuration.ts";
import { bundleOf } from "./bundle.ts";
import { ENVIRONMENT } from "./bundles.fixture.ts";
import { ACCOUNT, EXAMPLE, REGION } from "./example.fixture.ts";
import { pinsOf } from "./pins.ts";

/** What an attacker does to the files of respond between the synthesis and Lambda; the stack stays as it was made. */
type Attack = Readonly<{ what: string; change: (folder: string) => void; says: RegExp }>;

// Nobody but the topic is paged: its words are what people read.
const CONFIGURATION = parseConfiguration({ ...EXAMPLE, pager: { kind: "sns" } });
const PINS = pinsOf(CONFIGURATION);

let moto: Emulator;
let whole: string;
let env: Record<string, string>;
let queue: string;

before(async () => {
  moto = await startMoto();
  whole = mkdtempSync(join(tmpdir(), "quell-pins-"));
  bundleOf(
    "respond",
    { configuration: CONFIGURATION, architecture: process.arch === "arm64" ? "arm64" : "x86_64" },
    whole,
  );
  const [sns, sqs] = [new SNSClient(moto.clientConfig), new SQSClient(moto.clientConfig)];
  const { TopicArn = "" } = await sns.send(new CreateTopicCommand({ Name: "pages" }));
  const { QueueUrl = "" } = await sqs.send(new CreateQueueCommand({ QueueName: "people" }));
  const Endpoint = `arn:aws:sqs:${REGION}:123456789012:people`;
  await sns.send(new SubscribeCommand({ TopicArn, Protocol: "sqs", Endpoint }));
  queue = QueueUrl;
  env = {
    ...{ ...ENVIRONMENT, ...moto.env, AWS_ENDPOINT_URL: moto.endpoint },
    ...Object.fromEntries(Object.entries(PINS).map(([pin, hash]) => [variableOf(pin as keyof typeof PINS), hash])),
    [variableOf("ledgerTable")]: await createLedgerTable(new DynamoDBClient(moto.clientConfig)),
    [variableOf("pageTopicArn")]: TopicArn,
  };
});
after(async () => {
  rmSync(whole, { recursive: true, force: true });
  await moto.stop();
});

/** Invokes the handler of a bundle once, as Lambda would: its log's lines, and what people were paged. */
const invoked = async (folder: string): Promise<Readonly<{ log: string; pages: string }>> => {
  const context = {
    invokedFunctionArn: `arn:aws:lambda:${REGION}:${ACCOUNT}:function:quell-respond:live`,
    ...{ functionName: "quell-respond", functionVersion: "1", awsRequestId: "one" },
  };
  const script = [
    `const { handler } = await import(${JSON.stringify(pathToFileURL(join(folder, "index.mjs")).href)});`,
    // The durable execution goes no further: nothing here answers for Lambda. What it did until then is looked at.
    `await handler({}, { ...${JSON.stringify(context)}, getRemainingTimeInMillis: () => 999 }).catch(() => {});`,
    "process.exit(0);",
  ].join("\n");
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", script], {
    ...{ cwd: folder, env, timeout: 60_000 },
  });
  const { Messages = [] } = await new SQSClient(moto.clientConfig).send(
    new ReceiveMessageCommand({ QueueUrl: queue, MaxNumberOfMessages: 10 }),
  );
  return { log: stdout + stderr, pages: Messages.map(({ Body }) => Body).join("\n") };
};

/** The bundle as it was synthesized, with a change to its files. */
const changed = (change: Attack["change"]): string => {
  const folder = mkdtempSync(join(tmpdir(), "quell-changed-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  cpSync(whole, folder, { recursive: true });
  change(folder);
  return folder;
};

const rewrite = (path: string, from: string | RegExp, to: string): void => {
  const text = readFileSync(path, "utf8");
  assert.notEqual(text.replace(from, to), text, `${path} has nothing to change`);
  writeFileSync(path, text.replace(from, to));
};

/** The file of the code that says what runbooks are. */
const codeWith = (folder: string, words: RegExp): string => {
  const name = readdirSync(folder).find(
    (one) => one.endsWith(".mjs") && words.test(readFileSync(join(folder, one), "utf8")),
  );
  if (name === undefined) throw new Error(`nothing in ${folder} says ${words}`);
  return join(folder, name);
};
const COOLDOWN = /cooldownSeconds:\d+/;

const ATTACKS: readonly Attack[] = [
  {
    what: "a runbook's document",
    change: (folder) =>
      rewrite(join(folder, "ecs-rollback", "automation.yaml"), '"Api":"UpdateService"', '"Api":"DeleteService"'),
    says: /Not as it was deployed: the catalogue\./,
  },
  {
    what: "what the code says of a runbook",
    change: (folder) => rewrite(codeWith(folder, COOLDOWN), COOLDOWN, "cooldownSeconds:0"),
    says: /Not as it was deployed: the catalogue\./,
  },
  {
    what: "a policy of the guardrails",
    change: (folder) => rewrite(join(folder, "guardrails.json"), "unless { context.switchOn }", "unless { true }"),
    says: /Not as it was deployed: the guardrails\./,
  },
  {
    what: "a policy of the guardrails, taken away",
    change: (folder) => rewrite(join(folder, "guardrails.json"), /^ *"[a-z-]+": "@id.*,\n/m, ""),
    says: /Not as it was deployed: the guardrails\./,
  },
  {
    what: "the mode in the configuration, and a policy",
    change: (folder) => {
      rewrite(join(folder, "quell.json"), '"mode": "approve"', '"mode": "auto"');
      rewrite(join(folder, "guardrails.json"), "unless { context.switchOn }", "unless { true }");
    },
    says: /Not as it was deployed: the guardrails, the configuration\./,
  },
];

test("a bundle as it was synthesized holds what its stack was told, and nobody is paged about it", async () => {
  const { log, pages } = await invoked(whole);

  assert.doesNotMatch(log, /Not as it was deployed|the model is not served/);
  assert.equal(pages, "");
});

for (const { what, change, says } of ATTACKS)
  test(`changed after the synthesis, ${what} is found at the start, logged and paged`, async () => {
    const folder = changed(change);

    const { log, pages } = await invoked(folder);

    assert.match(log, says);
    assert.match(pages, says);
    assert.match(pages, /Quell changes nothing until it is deployed again/);
  });

test("a model that vouches for itself but was not deployed is not served, though it passed a gate", async () => {
  const folder = changed((at) => {
    const model = join(at, "released", "manifest.json");
    const { manifest_hash: _own, thresholds, ...manifest } = JSON.parse(readFileSync(model, "utf8"));
    const tiers = thresholds.tiers.map(({ tier }: Readonly<{ tier: number }>) => ({ tier, maxHarm: 1 }));
    const bytes = readFileSync(join(at, "released", "model.onnx"));
    writeFileSync(model, JSON.stringify(manifestFor(bytes, { ...manifest, thresholds: { ...thresholds, tiers } })));
  });

  const { log } = await invoked(folder);

  assert.match(log, /the model is not served: the model is not one that was deployed/);
});
