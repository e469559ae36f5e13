import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { z } from "zod";
import { SECRET, signatureOf } from "./click.fixture.ts";
import { isFromSlack } from "./signature.ts";

const BODY = "payload=%7B%7D&name=%C3%A9";
const SIGNED_SECONDS = 1_767_582_000;

type Change = Readonly<{ headers?: Readonly<Record<string, string | undefined>>; body?: string; atSeconds?: number }>;

const judged = ({ headers = {}, body = BODY, atSeconds = SIGNED_SECONDS }: Change, secret = SECRET): boolean =>
  isFromSlack(
    secret,
    {
      headers: {
        "x-slack-request-timestamp": String(SIGNED_SECONDS),
        "x-slack-signature": signatureOf(BODY, SIGNED_SECONDS),
        ...headers,
      },
      rawBody: Buffer.from(body),
    },
    atSeconds * 1000,
  );

for (const [name, change, expected] of [
  ["as Slack sent it", {}, true],
  ["299 s old", { atSeconds: SIGNED_SECONDS + 299 }, true],
  ["301 s old", { atSeconds: SIGNED_SECONDS + 301 }, false],
  ["299 s ahead", { atSeconds: SIGNED_SECONDS - 299 }, true],
  ["301 s ahead", { atSeconds: SIGNED_SECONDS - 301 }, false],
  ["of another body", { body: `${BODY}------` }, false],
  ["of a body that was decoded and encoded again", { body: `payload=${decodeURIComponent("%7B%7D")}&name=é` }, false],
  ["without a signature", { headers: { "x-slack-signature": undefined } }, false],
  ["with an empty signature", { headers: { "x-slack-signature": "" } }, false],
  ["without a time", { headers: { "x-slack-request-timestamp": undefined } }, false],
  ["with a time that is none", { headers: { "x-slack-request-timestamp": "NaN" } }, false],
  ["with another time than it was signed at", { headers: { "x-slack-request-timestamp": "1767582001" } }, false],
  [
    "with half a signature",
    { headers: { "x-slack-signature": signatureOf(BODY, SIGNED_SECONDS).slice(0, 30) } },
    false,
  ],
  ["of another version", { headers: { "x-slack-signature": signatureOf(BODY, SIGNED_SECONDS, SECRET, "v1") } }, false],
  ["by another secret", { headers: { "x-slack-signature": signatureOf(BODY, SIGNED_SECONDS, "other") } }, false],
  ["as two headers joined", { headers: { "x-slack-signature": `${signatureOf(BODY, SIGNED_SECONDS)},v0=0` } }, false],
] as const)
  test(`a request ${name} is ${expected ? "taken for Slack's" : "refused"}`, () => {
    const isSlacks = judged(change);

    assert.equal(isSlacks, expected);
  });

test("nobody is Slack where there is no secret, whatever they sign with", () => {
  const isSlacks = judged({ headers: { "x-slack-signature": signatureOf(BODY, SIGNED_SECONDS, "") } }, "");

  assert.equal(isSlacks, false);
});

const folder = process.env.QUELL_TEST_DATA;
const vector = z.object({
  signing_secret: z.string(),
  timestamp: z.string(),
  body: z.string(),
  expected_signature: z.string(),
});

test("Slack's own example is taken, and nothing near it", {
  skip: folder === undefined ? "set QUELL_TEST_DATA to a folder with slack/signing-vector-official.json" : false,
}, () => {
  const text = readFileSync(join(folder ?? "", "slack", "signing-vector-official.json"), "utf8");
  const { signing_secret: secret, timestamp, body, expected_signature: signature } = vector.parse(JSON.parse(text));
  const headers = { "x-slack-request-timestamp": timestamp, "x-slack-signature": signature };
  const atMs = Number(timestamp) * 1000;

  const taken = isFromSlack(secret, { headers, rawBody: Buffer.from(body) }, atMs);
  const longer = isFromSlack(secret, { headers, rawBody: Buffer.from(`${body}------`) }, atMs);
  const today = isFromSlack(secret, { headers, rawBody: Buffer.from(body) }, Date.UTC(2026, 0, 5));
  const bare = isFromSlack(secret, { headers: {}, rawBody: Buffer.from(body) }, atMs);

  assert.deepEqual([taken, longer, today, bare], [true, false, false, false]);
});
