import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, test } from "node:test";
import { LambdaClient } from "@aws-sdk/client-lambda";
import type { ModelAnswer, ModelRequest } from "../../core/language-model.ts";
import { draftWith } from "../../handlers/draft.ts";
import { remoteModel } from "./remote-model.ts";

const REQUEST: ModelRequest = {
  ...{ model: "claude", effort: "medium", system: "s", catalogue: "c", data: "d", schema: { type: "object" } },
  ...{ maxOutputTokens: 10, timeoutMs: 50 },
};
const USAGE = { inputTokens: 1, cacheWriteTokens: 0, cacheReadTokens: 2, outputTokens: 3 };
const SAID: ModelAnswer = { kind: "said", text: "{}", model: "claude", usage: USAGE };

type Reply = Readonly<{ status?: number; headers?: Readonly<Record<string, string>>; body: string }> | "silence";

/** Lambda's Invoke on loopback; `heard` is what the function was sent. */
const lambdaThat = async (reply: (heard: unknown) => Promise<Reply> | Reply) => {
  const heard: unknown[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    heard.push(JSON.parse(Buffer.concat(chunks).toString("utf8")));
    const answer = await reply(heard.at(-1));
    if (answer === "silence") return;
    response
      .writeHead(answer.status ?? 200, { "content-type": "application/json", ...answer.headers })
      .end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const endpoint = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
  const credentials = { accessKeyId: "test", secretAccessKey: "test" };
  const client = new LambdaClient({ endpoint, region: "eu-west-1", credentials, maxAttempts: 1 });
  return { heard, ask: () => remoteModel(client, "draft", "anthropic", 200).ask(REQUEST) };
};

test("what draft hears from a model comes back as the model said it, and draft is sent the whole request", async () => {
  const draft = draftWith(async () => ({ provider: "anthropic", ask: async () => SAID }));
  const { ask, heard } = await lambdaThat(async (event) => ({ body: JSON.stringify(await draft(event)) }));

  const answer = await ask();

  assert.deepEqual(answer, SAID);
  assert.deepEqual(heard, [REQUEST]);
});

test("a model's own failure comes back with what it cost", async () => {
  const failed: ModelAnswer = { kind: "failed", code: "overloaded", detail: "busy", usage: USAGE, retryAfterMs: 5 };
  const { ask } = await lambdaThat(() => ({ body: JSON.stringify(failed) }));

  assert.deepEqual(await ask(), failed);
});

const error = (status: number, type: string): Reply => ({
  status,
  headers: { "x-amzn-errortype": type },
  body: JSON.stringify({ message: type }),
});
const WAYS: Readonly<Record<string, Readonly<{ reply: Reply; code: string; says: RegExp }>>> = {
  "the function threw": {
    reply: { headers: { "x-amz-function-error": "Unhandled" }, body: '{"errorMessage":"no key"}' },
    ...{ code: "server-error", says: /no key/ },
  },
  "it answers with something else": { reply: { body: '{"kind":"said"}' }, code: "malformed-reply", says: /no answer/ },
  "it answers with no JSON": { reply: { body: "<html>" }, code: "malformed-reply", says: /no answer/ },
  "Lambda throttles": { reply: error(429, "TooManyRequestsException"), code: "rate-limited", says: /throttles/ },
  "respond may not call it": {
    reply: error(403, "AccessDeniedException"),
    ...{ code: "unauthorised", says: /lambda:InvokeFunction/ },
  },
  "Lambda fails": { reply: error(500, "ServiceException"), code: "unreachable", says: /could not be called/ },
  "nobody answers": { reply: "silence", code: "timed-out", says: /within 250 ms/ },
};
for (const [way, { reply, code, says }] of Object.entries(WAYS))
  test(`where ${way}, no model spoke, and what was spent is not known`, async () => {
    const { ask, heard } = await lambdaThat(() => reply);

    const answer = await ask();

    assert.ok(answer.kind === "failed");
    assert.deepEqual([answer.code, answer.usage], [code, null]);
    assert.match(answer.detail, says);
    assert.equal(heard.length, 1);
  });

test("draft refuses what is no request, before any model is made", async () => {
  const draft = draftWith(() => assert.fail("a model was made"));

  await assert.rejects(draft({ ...REQUEST, tools: ["shell"] }), /tools/);
});
