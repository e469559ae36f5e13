import assert from "node:assert/strict";
import { test } from "node:test";
import type { Secret } from "../../core/secret.ts";
import { AwsCallFailed, type CallFailure } from "../aws/call.ts";
import { clientFor, openLoopback, type Reply, refusal } from "../aws/loopback.fixture.ts";
import { NoSecret, type ReadSecret } from "../aws/secrets.ts";

/** A store of secrets to be judged, and what stands behind it. */
export type StoreUnderTest = Readonly<{
  /** The permission that reading takes, as IAM names it. */
  action: string;
  /** "secret" or "parameter", as the configuration and every message say. */
  noun: string;
  named: (name: string) => Secret;
  /** Reads through a client that is made so. */
  reader: (client: ReturnType<typeof clientFor>, nowMs: () => number) => ReadSecret;
  /** What answers; asked for when a test runs, for it starts after the tests are written down. */
  emulator: () => ReturnType<typeof clientFor>;
  /** Stores a value under a name, new or again. */
  store: (name: string, value: string) => Promise<void>;
  /** An answer of the store, as it comes over the wire. */
  answering: (value: string) => Reply;
}>;

let made = 0;

/** What reading a secret promises, whatever the store. */
export const secretsContract = (where: string, under: StoreUnderTest): void => {
  const { action, noun, named, reader, emulator, store, answering } = under;
  const stored = async (value: string): Promise<string> => {
    made += 1;
    const name = `/quell/secret-${made}`;
    await store(name, value);
    return name;
  };

  for (const [text, value] of [
    ["xoxb-123", "xoxb-123"],
    [" xoxb-123\n", "xoxb-123"],
    ['{"token":"xoxb-123"}', "xoxb-123"],
    ["12345", "12345"],
    ["[not json", "[not json"],
  ] as const)
    test(`${where}: a ${noun} stored as ${JSON.stringify(text)} is ${value}`, async () => {
      const name = await stored(text);

      assert.equal(await reader(emulator(), () => 0)(named(name)), value);
    });

  for (const [text, says] of [
    [" ", "is empty; store its value"],
    ['{"token":""}', "is empty; store its value"],
    ['{"a":"HUSH","b":"HUSH"}', "holds several values; store it again"],
    ['{"a":1}', "holds several values; store it again"],
    ["{}", "holds several values; store it again"],
  ] as const)
    test(`${where}: a ${noun} stored as ${JSON.stringify(text)} is none, and the message does not say what it holds`, async () => {
      const name = await stored(text);

      const read = reader(emulator(), () => 0)(named(name));

      await assert.rejects(read, (error: unknown) => {
        assert.ok(error instanceof NoSecret);
        assert.ok(error.message.startsWith(`the ${noun} ${name} ${says}`), error.message);
        assert.ok(!error.message.includes("HUSH"));
        return true;
      });
    });

  test(`${where}: a ${noun} that does not exist is named`, async () => {
    const read = reader(emulator(), () => 0)(named("/quell/absent"));

    await assert.rejects(read, (error: unknown) => {
      assert.ok(error instanceof NoSecret);
      assert.match(error.message, new RegExp(`^there is no ${noun} /quell/absent\\b.*; make it in `));
      return true;
    });
  });

  test(`${where}: a changed ${noun} is used after five minutes, and the old one until then`, async () => {
    const name = await stored("old");
    let nowMs = 1_000;
    const read = reader(emulator(), () => nowMs);

    const values = [await read(named(name))];
    await store(name, "new");
    for (const later of [299_999, 1]) {
      nowMs += later;
      values.push(await read(named(name)));
    }

    assert.deepEqual(values, ["old", "old", "new"]);
  });

  test(`${where}: however many ask at once, one call is under way for a ${noun}`, async (context) => {
    const { url, sent } = await openLoopback(context, () => answering("xoxb-123"));
    const read = reader(clientFor(url), () => 0);

    const values = await Promise.all([...Array(20).fill("/quell/slack"), "/quell/other"].map(named).map(read));

    assert.deepEqual(new Set(values), new Set(["xoxb-123"]));
    assert.equal(sent.length, 2);
  });

  test(`${where}: a failure is not kept: the next who asks for the ${noun} may get it`, async (context) => {
    const { url, sent } = await openLoopback(context, (_, nth) =>
      nth === 0 ? refusal("json-1.1", 400, "ThrottlingException") : answering("xoxb-123"),
    );
    const read = reader(clientFor(url), () => 0);

    await assert.rejects(Promise.all(["/quell/slack", "/quell/slack"].map(named).map(read)));

    assert.equal(await read(named("/quell/slack")), "xoxb-123");
    assert.equal(sent.length, 2);
  });

  for (const { when, code, said, kind, says } of refusalsOf(action, noun))
    test(`${where}: where ${when}, the message names the ${noun} and what is missing`, async (context) => {
      const { url } = await openLoopback(context, () => refusal("json-1.1", 400, code, said));

      const read = reader(clientFor(url), () => 0)(named("/quell/slack"));

      await assert.rejects(read, (error: unknown) => {
        assert.ok(error instanceof AwsCallFailed);
        assert.equal(error.kind, kind);
        assert.ok(error.message.includes(says), error.message);
        return true;
      });
    });
};

type Refused = Readonly<{ when: string; code: string; said: string; kind: CallFailure; says: string }>;

/** What AWS says in accounts, by who refused. */
const refusalsOf = (action: string, noun: string): readonly Refused[] => {
  const user = "User: arn:aws:sts::123456789012:assumed-role/quell-slack/x is not authorized to perform:";
  const key = "arn:aws:kms:eu-west-1:123456789012:key/1";
  const ofKey = {
    ...{ code: "AccessDeniedException", kind: "denied" as const },
    says: `may not call kms:Decrypt (AccessDeniedException) with the key of the ${noun} /quell/slack; name the key beside it`,
  };
  const out = (code: string): Refused => ({
    ...{ when: `its key is out (${code})`, code, kind: "failed" },
    said: `${key} is pending deletion. (Service: AWSKMS; Status Code: 400; Error Code: KMSInvalidStateException)`,
    says: `of the ${noun} /quell/slack: its KMS key cannot be used (${code}); enable the key`,
  });
  return [
    {
      ...{ when: "the role may not read it", code: "AccessDeniedException", kind: "denied" },
      said: `${user} ${action} on resource: arn:aws:x:eu-west-1:123456789012:kms/quell/slack because no policy allows it`,
      says: `may not call ${action} (AccessDeniedException) for the ${noun} /quell/slack; add it to the role's policy`,
    },
    { when: "Secrets Manager may not use its key", said: "Access to KMS is not allowed", ...ofKey },
    {
      when: "Parameter Store may not use its key",
      said: "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access.",
      ...ofKey,
    },
    { when: "KMS says no", said: "Not allowed (Service: Kms, Status Code: 400, Request ID: 5f642215)", ...ofKey },
    {
      when: "IAM lacks its key",
      said: `${user} kms:Decrypt on resource: ${key} because no policy allows it`,
      ...ofKey,
    },
    out("InvalidKeyId"),
    out("DecryptionFailure"),
  ];
};
