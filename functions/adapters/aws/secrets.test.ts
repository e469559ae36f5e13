import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import {
  CreateSecretCommand,
  PutSecretValueCommand,
  ResourceExistsException,
  SecretsManagerClient,
} from "@aws-sdk/client-secrets-manager";
import { PutParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { secretsContract } from "../contracts/secrets.contract.ts";
import { type Emulator, startMinistack, startMoto } from "../emulators/emulators.fixture.ts";
import { failuresContract } from "./failures.contract.ts";
import { clientFor, openLoopback, type Reply } from "./loopback.fixture.ts";
import { parameterStore } from "./parameter-store.ts";
import { NoSecret, type ReadSecret, secretReader } from "./secrets.ts";
import { secretsManagerStore } from "./secrets-manager.ts";

type Client = ReturnType<typeof clientFor>;

const readerOf = (client: Client, nowMs: () => number = () => 0): ReadSecret =>
  secretReader(
    { secret: secretsManagerStore(new SecretsManagerClient(client)), parameter: parameterStore(new SSMClient(client)) },
    nowMs,
  );

const json = (body: unknown): Reply => ({
  ...{ kind: "answer", status: 200, headers: { "content-type": "application/x-amz-json-1.1" } },
  body: JSON.stringify(body),
});
const parameter = (Type: string, Value: string): Reply => json({ Parameter: { Name: "/quell/slack", Type, Value } });

for (const [name, start] of [
  ["moto", startMoto],
  ["ministack", startMinistack],
] as const)
  describe(name, () => {
    let emulator: Emulator;
    before(async () => {
      emulator = await start();
    });
    after(() => emulator.stop());
    const client = (): Client => ({ ...clientFor(emulator.endpoint), ...emulator.clientConfig });

    secretsContract("Secrets Manager", {
      ...{ action: "secretsmanager:GetSecretValue", noun: "secret", named: (secret) => ({ secret }), reader: readerOf },
      emulator: client,
      store: async (Name, SecretString) => {
        const manager = new SecretsManagerClient(client());
        await manager.send(new CreateSecretCommand({ Name, SecretString })).catch(async (error: unknown) => {
          if (!(error instanceof ResourceExistsException)) throw error;
          await manager.send(new PutSecretValueCommand({ SecretId: Name, SecretString }));
        });
      },
      answering: (SecretString) => json({ ARN: "arn", Name: "quell/slack", SecretString }),
    });

    secretsContract("Parameter Store", {
      ...{ action: "ssm:GetParameter", noun: "parameter", named: (named) => ({ parameter: named }), reader: readerOf },
      emulator: client,
      store: async (Name, Value) => {
        const put = new PutParameterCommand({ Name, Value, Type: "SecureString", Overwrite: true });
        await new SSMClient(client()).send(put);
      },
      answering: (value) => parameter("SecureString", value),
    });

    test("a secret of bytes is none", async () => {
      const bytes = new CreateSecretCommand({ Name: "quell/bytes", SecretBinary: Buffer.from("HUSH") });
      await new SecretsManagerClient(client()).send(bytes);

      const read = readerOf(client())({ secret: "quell/bytes" });

      await assert.rejects(read, /^NoSecret: the secret quell\/bytes holds bytes; store it again as text$/);
    });

    for (const Type of ["String", "StringList"] as const)
      test(`a parameter in plain text is no secret, be it a ${Type}: it is refused, and not told`, async () => {
        const put = new PutParameterCommand({ Name: `/quell/${Type}`, Value: "HUSH", Type });
        await new SSMClient(client()).send(put);

        const read = readerOf(client())({ parameter: `/quell/${Type}` });

        await assert.rejects(read, (error: unknown) => {
          assert.ok(error instanceof NoSecret);
          assert.match(
            error.message,
            new RegExp(`^the parameter /quell/${Type} is a ${Type}, in plain text; delete it`),
          );
          assert.ok(!error.message.includes("HUSH"));
          return true;
        });
      });

    test("one name in both stores is two secrets", async () => {
      await new SecretsManagerClient(client()).send(
        new CreateSecretCommand({ Name: "/quell/twin", SecretString: "a" }),
      );
      const put = new PutParameterCommand({ Name: "/quell/twin", Value: "b", Type: "SecureString" });
      await new SSMClient(client()).send(put);
      const read = readerOf(client());

      const values = await Promise.all([read({ secret: "/quell/twin" }), read({ parameter: "/quell/twin" })]);

      assert.deepEqual(values, ["a", "b"]);
    });
  });

failuresContract("the reader of secrets", {
  ...{ protocol: "json-1.1", action: "secretsmanager:GetSecretValue", what: "the secret quell/slack" },
  call: (client) => readerOf(client)({ secret: "quell/slack" }),
});

failuresContract("the reader of parameters", {
  ...{ protocol: "json-1.1", action: "ssm:GetParameter", what: "the parameter /quell/slack" },
  call: (client) => readerOf(client)({ parameter: "/quell/slack" }),
});

test("a parameter is asked for decrypted, by its name and nothing else", async (context) => {
  const { url, sent } = await openLoopback(context, () => parameter("SecureString", "xoxb-123"));

  await readerOf(clientFor(url))({ parameter: "/quell/slack" });

  assert.deepEqual(
    sent.map(({ body }) => JSON.parse(body.toString("utf8"))),
    [{ Name: "/quell/slack", WithDecryption: true }],
  );
});
