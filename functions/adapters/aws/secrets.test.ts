import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { CreateSecretCommand, PutSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { type Emulator, startMinistack } from "../emulators/emulators.fixture.ts";
import { failuresContract } from "./failures.contract.ts";
import { clientFor, openLoopback, type Reply, refusal } from "./loopback.fixture.ts";
import { NoSecret, secretReader } from "./secrets.ts";

let emulator: Emulator;
let client: SecretsManagerClient;
before(async () => {
  emulator = await startMinistack();
  client = new SecretsManagerClient(emulator.clientConfig);
});
after(() => emulator.stop());

let made = 0;
const secretOf = async (value: string | Uint8Array): Promise<string> => {
  made += 1;
  const Name = `quell/secret-${made}`;
  const content = typeof value === "string" ? { SecretString: value } : { SecretBinary: value };
  await client.send(new CreateSecretCommand({ Name, ...content }));
  return Name;
};

failuresContract("the reader of secrets", {
  ...{ protocol: "json-1.1", action: "secretsmanager:GetSecretValue", what: "the secret quell/slack" },
  call: (config) => secretReader(new SecretsManagerClient(config), () => 0)("quell/slack"),
});

for (const [stored, value] of [
  ["xoxb-123", "xoxb-123"],
  [" xoxb-123\n", "xoxb-123"],
  ['{"token":"xoxb-123"}', "xoxb-123"],
  ["12345", "12345"],
  ["[not json", "[not json"],
] as const)
  test(`a secret stored as ${JSON.stringify(stored)} is ${value}`, async () => {
    const name = await secretOf(stored);

    assert.equal(await secretReader(client, () => 0)(name), value);
  });

for (const [stored, says] of [
  [" ", /the secret quell\/secret-\d+ is empty; store its value/],
  ['{"token":""}', /is empty/],
  ['{"a":"HUSH","b":"HUSH"}', /holds several values; store it again/],
  ['{"a":1}', /holds several values; store it again/],
  ["{}", /holds several values; store it again/],
  [Buffer.from("HUSH"), /holds bytes; store it again as text/],
] as const)
  test(`a secret stored as ${JSON.stringify(stored)} is none, and the message does not say what it holds`, async () => {
    const name = await secretOf(stored);

    const read = secretReader(client, () => 0)(name);

    await assert.rejects(read, (error: unknown) => {
      assert.ok(error instanceof NoSecret);
      assert.match(error.message, says);
      assert.ok(!error.message.includes("HUSH"));
      return true;
    });
  });

test("a secret that does not exist is named", async () => {
  const read = secretReader(client, () => 0)("quell/absent");

  await assert.rejects(read, /there is no secret quell\/absent, or no value in it; make it in Secrets Manager/);
});

test("a role that may not read it is told which permission on which secret it lacks", async (context) => {
  const { url } = await openLoopback(context, () => refusal("json-1.1", 400, "AccessDeniedException"));

  const read = secretReader(new SecretsManagerClient(clientFor(url)), () => 0)("quell/slack");

  await assert.rejects(read, /may not call secretsmanager:GetSecretValue .* for the secret quell\/slack/);
});

test("a changed secret is used after five minutes, and the old one until then", async () => {
  const name = await secretOf("old");
  let nowMs = 1_000;
  const read = secretReader(client, () => nowMs);

  const values = [await read(name)];
  await client.send(new PutSecretValueCommand({ SecretId: name, SecretString: "new" }));
  for (const later of [299_999, 1]) {
    nowMs += later;
    values.push(await read(name));
  }

  assert.deepEqual(values, ["old", "old", "new"]);
});

const told = (value: string): Reply => ({
  ...{ kind: "answer", status: 200, headers: { "content-type": "application/x-amz-json-1.1" } },
  body: JSON.stringify({ ARN: "arn", Name: "quell/slack", SecretString: value }),
});

test("however many ask at once, one call is under way for a name", async (context) => {
  const { url, sent } = await openLoopback(context, () => told("xoxb-123"));
  const read = secretReader(new SecretsManagerClient(clientFor(url)), () => 0);

  const values = await Promise.all([...Array(20).fill("quell/slack"), "quell/other"].map(read));

  assert.deepEqual(new Set(values), new Set(["xoxb-123"]));
  assert.equal(sent.length, 2);
});

test("a failure is not kept: the next who asks may get it", async (context) => {
  const { url, sent } = await openLoopback(context, (_, nth) =>
    nth === 0 ? refusal("json-1.1", 400, "ThrottlingException") : told("xoxb-123"),
  );
  const read = secretReader(new SecretsManagerClient(clientFor(url)), () => 0);

  await assert.rejects(Promise.all([read("quell/slack"), read("quell/slack")]));

  assert.equal(await read("quell/slack"), "xoxb-123");
  assert.equal(sent.length, 2);
});
