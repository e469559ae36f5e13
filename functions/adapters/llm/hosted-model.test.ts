import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { AnthropicBedrock } from "@anthropic-ai/bedrock-sdk";
import { Anthropic } from "@anthropic-ai/sdk";
import fc from "fast-check";
import type { LanguageModel, ModelAnswer, ModelRequest } from "../../core/language-model.ts";
import type { DraftedOfflineCode } from "../../core/reasons.ts";
import { secondRedactor } from "../redaction/secretlint.ts";
import { anthropicModel } from "./anthropic.ts";
import { bedrockModel } from "./bedrock.ts";
import type { RedactAgain } from "./hosted-model.ts";
import {
  type Answer,
  errorBody,
  eventStream,
  eventsOf,
  messageOf,
  openReplayServer,
  type ReplayServer,
  refusedWith,
  replayServer,
  saying,
  sse,
  streamed,
} from "./replay-server.fixture.ts";

const CANARY = "canary-9f8e7d6c5b4a";
const MOST = 4_000;
const requestWith = (changes: Partial<ModelRequest> = {}): ModelRequest => ({
  ...{
    model: "claude-test",
    effort: "medium",
    system: "You draft.",
    catalogue: "The runbooks.",
    data: "The incident.",
  },
  ...{ schema: { type: "object", additionalProperties: false }, maxOutputTokens: MOST, timeoutMs: 5_000 },
  ...changes,
});
const redactAgain = async (text: string): Promise<string> => text.replaceAll(CANARY, "<canary>");

const KEY = "sk-ant-test-0123456789";
const anthropic = (baseURL: string, redact: RedactAgain = redactAgain): LanguageModel =>
  anthropicModel({ client: new Anthropic({ apiKey: KEY, baseURL, logLevel: "off" }), redactAgain: redact });
const SIGNER = { awsAccessKey: "AKIDEXAMPLE", awsSecretKey: "a-secret-of-nobody", awsRegion: "eu-west-1" };
const bedrock = (
  baseURL: string,
  redact: RedactAgain = redactAgain,
  inferenceProfile = "global.anthropic.",
): LanguageModel =>
  bedrockModel({
    client: new AnthropicBedrock({ ...SIGNER, baseURL, apiKey: null, logLevel: "off" }),
    ...{ redactAgain: redact, inferenceProfile },
  });

type Provider = Readonly<{
  name: string;
  modelAt: (url: string, redact?: RedactAgain) => LanguageModel;
  /** These events on this provider's wire. */
  stream: (events: ReturnType<typeof eventsOf>, changes?: Partial<Extract<Answer, { kind: "answer" }>>) => Answer;
}>;
const PROVIDERS: readonly Provider[] = [
  { name: "anthropic", modelAt: anthropic, stream: (events, changes) => streamed(sse(events), changes) },
  {
    name: "bedrock",
    modelAt: bedrock,
    stream: (events, changes) => ({
      ...{ kind: "answer", status: 200, headers: { "content-type": "application/vnd.amazon.eventstream" } },
      ...{ body: eventStream(events), ...changes },
    }),
  },
];

const outcome = (answer: ModelAnswer): DraftedOfflineCode | "said" => (answer.kind === "said" ? "said" : answer.code);
const failedWith = (answer: ModelAnswer) => {
  assert.equal(answer.kind, "failed");
  return answer as Extract<ModelAnswer, { kind: "failed" }>;
};

const TEXT = '{"candidates": []}';
const GOOD = eventsOf(messageOf(TEXT));
const COUNTED = { inputTokens: 100, cacheWriteTokens: 20, cacheReadTokens: 3_000, outputTokens: 40 };
/** Of the smallest request of these tests, two bytes a token: 24 of system and catalogue, 46 of schema, 13 of data. */
const ALL_INPUT = { inputTokens: 7, cacheWriteTokens: 35, cacheReadTokens: 0, outputTokens: 0 };
const FREE = { inputTokens: 0, cacheWriteTokens: 0, cacheReadTokens: 0, outputTokens: 0 };
const THINKING = { type: "thinking", thinking: "Let me see.", signature: "s" };
const TEXT_BLOCK = { type: "text", text: TEXT };

const withoutUsage = (event: ReturnType<typeof eventsOf>[number]): ReturnType<typeof eventsOf>[number] => {
  if (event.type === "message_start") return { ...event, message: { model: "claude-test" } };
  return { ...event, usage: null };
};

for (const { name, modelAt, stream } of PROVIDERS) {
  const asked = async (t: TestContext, answer: Answer, changes: Partial<ModelRequest> = {}) => {
    const server = await replayServer(t, answer);
    return { answer: await modelAt(server.url).ask(requestWith(changes)), server };
  };

  test(`${name}: a whole reply is said with its text, its model and what it cost`, async (t) => {
    const { answer, server } = await asked(t, stream(GOOD));

    assert.deepEqual(answer, { kind: "said", text: TEXT, model: "claude-test", usage: COUNTED });
    assert.equal(server.received.length, 1);
  });

  const endings: readonly (readonly [string, Readonly<Record<string, unknown>>, DraftedOfflineCode | "said"])[] = [
    ["end_turn", {}, "said"],
    ["end_turn after thinking", { content: [THINKING, TEXT_BLOCK] }, "said"],
    ["end_turn with two texts", { content: [TEXT_BLOCK, TEXT_BLOCK] }, "said"],
    ["end_turn after thoughts alone", { content: [THINKING] }, "empty-reply"],
    ["end_turn after thoughts that hold a text", { content: [{ ...THINKING, text: TEXT }] }, "empty-reply"],
    ["end_turn without a block", { content: [] }, "empty-reply"],
    ["end_turn with blank text", { content: [{ type: "text", text: " \n" }] }, "empty-reply"],
    [
      "end_turn with a server's tool",
      { content: [{ type: "server_tool_use", id: "t", name: "web_search", input: {} }, TEXT_BLOCK] },
      "unexpected-tool-use",
    ],
    ["max_tokens", { stop_reason: "max_tokens" }, "truncated"],
    ["model_context_window_exceeded", { stop_reason: "model_context_window_exceeded" }, "context-too-long"],
    ["refusal before a word", { stop_reason: "refusal", content: [] }, "refused-by-model"],
    ["refusal in the middle of the text", { stop_reason: "refusal" }, "refused-by-model"],
    ["pause_turn", { stop_reason: "pause_turn" }, "paused"],
    ["tool_use", { stop_reason: "tool_use" }, "unexpected-tool-use"],
    ["stop_sequence", { stop_reason: "stop_sequence" }, "stopped"],
    ["a reason nobody knows", { stop_reason: "tired" }, "stopped"],
    ["no reason at all", { stop_reason: null }, "stopped"],
  ];
  for (const [what, changes, expected] of endings)
    test(`${name}: a message that ends with ${what} is ${expected}, and what it cost is known`, async (t) => {
      const { answer } = await asked(t, stream(eventsOf(messageOf(TEXT, changes))));

      assert.equal(outcome(answer), expected);
      assert.deepEqual(answer.usage, COUNTED);
    });

  const statuses: readonly (readonly [number, unknown, DraftedOfflineCode])[] = [
    [400, errorBody("invalid_request_error", "max_tokens: wrong"), "bad-request"],
    [400, errorBody("invalid_request_error", "prompt is too long: 3 tokens > 2 maximum"), "context-too-long"],
    [400, { message: "Input is too long for requested model." }, "context-too-long"],
    [400, { message: "The provided model identifier is invalid." }, "bad-request"],
    [401, errorBody("authentication_error", "invalid x-api-key"), "unauthorised"],
    [402, errorBody("billing_error", "pay"), "unauthorised"],
    [403, errorBody("permission_error", "not for you"), "unauthorised"],
    [403, { message: "The security token is expired" }, "unauthorised"],
    [404, errorBody("not_found_error", "model: claude-nobody"), "bad-request"],
    [408, { message: "Model has timed out" }, "timed-out"],
    [413, errorBody("request_too_large", "too large"), "bad-request"],
    [418, "short and stout", "bad-request"],
    [422, errorBody("invalid_request_error", "what?"), "bad-request"],
    [424, { message: "The model failed" }, "server-error"],
    [429, errorBody("rate_limit_error", "Error"), "rate-limited"],
    [429, { message: "Too many requests" }, "rate-limited"],
    [429, errorBody("overloaded_error", "Overloaded"), "overloaded"],
    [500, errorBody("api_error", "Internal server error"), "server-error"],
    [500, errorBody("overloaded_error", "Overloaded"), "overloaded"],
    [502, "<html>bad gateway</html>", "server-error"],
    [503, { message: "Service unavailable" }, "server-error"],
    [504, errorBody("timeout_error", "slow"), "server-error"],
    [529, errorBody("overloaded_error", "Overloaded"), "overloaded"],
    [529, "", "overloaded"],
  ];
  for (const [status, body, code] of statuses)
    test(`${name}: HTTP ${status} ${JSON.stringify(body)} is ${code}, asked once`, async (t) => {
      const { answer, server } = await asked(t, refusedWith(status, body, { "x-should-retry": "true" }));

      assert.deepEqual([failedWith(answer).code, server.received.length], [code, 1]);
    });

  test(`${name}: a request that was turned away is free, and one that broke before any stream cost its input at most`, async (t) => {
    const usages = async (all: readonly number[]) =>
      Promise.all(all.map(async (status) => (await asked(t, refusedWith(status, { message: "m" }))).answer.usage));

    assert.deepEqual(await usages([400, 401, 403, 404, 429, 529]), Array(6).fill(FREE));
    assert.deepEqual(await usages([408, 424, 500, 502, 503]), Array(5).fill(ALL_INPUT));
  });

  test(`${name}: a stream that ends without message_stop is cut off wherever it ends, and never said`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(GOOD.length - 1), async (kept) => {
        const server = await openReplayServer([stream(GOOD.slice(0, kept))]);
        const answer = await modelAt(server.url).ask(requestWith()).finally(server.close);

        assert.equal(outcome(answer), "cut-off");
      }),
      { numRuns: 20 },
    );
  });

  test(`${name}: a connection cut anywhere inside the stream is cut off, although its JSON may be whole`, async () => {
    const whole = stream(GOOD);
    const bytes = whole.kind === "answer" ? Buffer.from(whole.body).length : 0;
    const lastEvent = stream(GOOD.slice(-1));
    const least = lastEvent.kind === "answer" ? Buffer.from(lastEvent.body).length : 0;
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: bytes - least }), async (cutAfterBytes) => {
        const server = await openReplayServer([stream(GOOD, { cutAfterBytes })]);
        const answer = await modelAt(server.url).ask(requestWith()).finally(server.close);

        assert.equal(outcome(answer), "cut-off");
      }),
      { numRuns: 30 },
    );
  });

  test(`${name}: a dead stream costs what it had counted, and all its output where that was never counted`, async (t) => {
    const { answer: early } = await asked(t, stream(GOOD.slice(0, 2)));
    const { answer: late } = await asked(t, stream(GOOD.slice(0, -1)));

    assert.deepEqual(early.usage, { ...COUNTED, outputTokens: MOST });
    assert.deepEqual(late.usage, COUNTED);
  });

  test(`${name}: a drip is timed out as a whole and hung up on, and asked once`, async (t) => {
    const { answer, server } = await asked(t, stream(GOOD, { drip: { bytes: 60, everyMs: 40 } }), { timeoutMs: 300 });

    const { code, retryAfterMs } = failedWith(answer);
    assert.deepEqual([code, retryAfterMs, server.received.length], ["timed-out", null, 1]);
    assert.equal(await server.received[0]?.waitedForAll, false);
  });

  test(`${name}: an error's body that never ends keeps nobody past the deadline`, async (t) => {
    const slow = { ...refusedWith(529, errorBody("overloaded_error", "Overloaded")), drip: { bytes: 1, everyMs: 100 } };
    const { answer } = await asked(t, slow, { timeoutMs: 300 });

    assert.equal(outcome(answer), "timed-out");
  });

  test(`${name}: of silence nobody knows what it cost, and a reset before any byte cost its input at most`, async (t) => {
    const { answer: silent } = await asked(t, { kind: "silence" }, { timeoutMs: 300 });
    const { answer: torn } = await asked(t, { kind: "reset" });

    assert.deepEqual([outcome(silent), silent.usage], ["timed-out", null]);
    assert.deepEqual([outcome(torn), torn.usage], ["unreachable", ALL_INPUT]);
  });

  test(`${name}: nobody at the port and no such host are unreachable, and cost nothing`, async () => {
    const server = await openReplayServer([]);
    await server.close();

    const answers = await Promise.all(
      [server.url, "http://nobody.invalid"].map((url) => modelAt(url).ask(requestWith())),
    );

    assert.deepEqual(answers.map(outcome), ["unreachable", "unreachable"]);
    assert.deepEqual(
      answers.map(({ usage }) => usage),
      [FREE, FREE],
    );
  });

  test(`${name}: an URL that is none is not configured, and costs nothing`, async () => {
    const answer = await modelAt("nowhere at all").ask(requestWith());

    assert.deepEqual([outcome(answer), answer.usage], ["not-configured", FREE]);
  });

  test(`${name}: overload inside a stream that began with HTTP 200 is overload, with what was counted`, async (t) => {
    const events = [...GOOD.slice(0, 3), errorBody("overloaded_error", "Overloaded")];

    const { answer } = await asked(t, stream(events));

    assert.deepEqual([outcome(answer), answer.usage], ["overloaded", { ...COUNTED, outputTokens: MOST }]);
  });

  const inStream: readonly (readonly [string, DraftedOfflineCode])[] = [
    ["rate_limit_error", "rate-limited"],
    ["api_error", "server-error"],
    ["invalid_request_error", "bad-request"],
    ["authentication_error", "unauthorised"],
    ["never_heard_of_error", "server-error"],
  ];
  for (const [type, code] of inStream)
    test(`${name}: ${type} inside a stream is ${code}`, async (t) => {
      const { answer } = await asked(t, stream([...GOOD.slice(0, 1), errorBody(type, "sorry")]));

      assert.equal(outcome(answer), code);
    });

  const damaged: readonly (readonly [string, ReturnType<typeof eventsOf>, DraftedOfflineCode])[] = [
    ["told a second start", [...GOOD.slice(0, 1), ...GOOD], "cut-off"],
    ["spliced from two", [...GOOD.slice(0, 4), ...GOOD], "cut-off"],
    ["without a start", GOOD.slice(1), "malformed-reply"],
    ["with text for no block", [...GOOD.slice(0, 1), ...GOOD.slice(2)], "malformed-reply"],
    ["that starts with no message", [{ type: "message_start", message: null }, ...GOOD.slice(1)], "malformed-reply"],
    [
      "whose text is a number",
      [...GOOD.slice(0, 2), { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: 7 } }],
      "malformed-reply",
    ],
    [
      "with more blocks than any reply",
      [...GOOD.slice(0, 1), { type: "content_block_start", index: 1_000, content_block: { type: "text", text: "" } }],
      "malformed-reply",
    ],
    ["that nobody counted", eventsOf(messageOf(TEXT)).map(withoutUsage), "malformed-reply"],
  ];
  for (const [what, events, code] of damaged)
    test(`${name}: a message ${what} is ${code}`, async (t) => {
      const { answer } = await asked(t, stream(events));

      assert.equal(outcome(answer), code);
    });

  test(`${name}: events that nobody knows yet change nothing`, async (t) => {
    const ping = { type: "ping" };
    const newer = { type: "content_block_delta", index: 0, delta: { type: "mood_delta", mood: "fine" } };

    const { answer } = await asked(
      t,
      stream([ping, ...GOOD.slice(0, 2), newer, { type: "weather" }, ...GOOD.slice(2)]),
    );

    assert.deepEqual([answer.kind, answer.usage], ["said", COUNTED]);
  });

  test(`${name}: a reply with more text than its tokens can hold is not read to its end`, async (t) => {
    const { answer } = await asked(t, stream(eventsOf(messageOf("x".repeat(10_000)))), { maxOutputTokens: 10 });

    assert.equal(outcome(answer), "truncated");
  });

  test(`${name}: the one user message is the data, the catalogue is cached for an hour, and no tool is offered`, async (t) => {
    const schema = { anyOf: [{ type: "object" }] };
    const { server } = await asked(t, stream(GOOD), { effort: "high", schema, maxOutputTokens: 123 });

    const { body, method } = onlyRequest(server);
    assert.equal(method, "POST");
    assert.deepEqual(body.system, [
      { type: "text", text: "You draft." },
      { type: "text", text: "The runbooks.", cache_control: { type: "ephemeral", ttl: "1h" } },
    ]);
    assert.deepEqual(body.messages, [{ role: "user", content: "The incident." }]);
    assert.deepEqual(body.output_config, { format: { type: "json_schema", schema }, effort: "high" });
    assert.equal(body.max_tokens, 123);
    assert.ok(!("tools" in body) && !("temperature" in body));
  });

  test(`${name}: what is of an incident passes the second redaction before it leaves, and what never changes does not`, async (t) => {
    const seen: string[] = [];
    const redact = async (text: string): Promise<string> => {
      seen.push(text);
      return redactAgain(text);
    };
    const server = await replayServer(t, stream(GOOD));

    await modelAt(server.url, redact).ask(requestWith({ data: `see ${CANARY} here` }));

    const { body, text } = onlyRequest(server);
    assert.deepEqual([seen, text.includes(CANARY)], [[`see ${CANARY} here`], false]);
    assert.equal(body.messages[0]?.content, "see <canary> here");
    assert.deepEqual(
      body.system.map((one) => one.text),
      ["You draft.", "The runbooks."],
    );
  });

  test(`${name}: no failure repeats the provider's words, and a request's id is given`, async (t) => {
    const words = `The incident. ${CANARY}`;
    const id = { "request-id": "req_123", "x-amzn-requestid": "req_123" };

    const { answer } = await asked(t, refusedWith(400, errorBody("invalid_request_error", words), id));

    const { detail } = failedWith(answer);
    assert.match(detail, /HTTP 400.*req_123/);
    assert.ok(!detail.includes("incident") && !detail.includes(CANARY) && detail.length < 200);
  });

  test(`${name}: a request's id that is no id is not repeated`, async (t) => {
    const { answer } = await asked(t, refusedWith(500, { request_id: `${CANARY} <b>`, message: "m" }));

    assert.ok(!failedWith(answer).detail.includes(CANARY));
  });

  const waits: readonly (readonly [Readonly<Record<string, string>>, number | null])[] = [
    [{}, null],
    [{ "retry-after": "7" }, 7_000],
    [{ "retry-after": "0" }, 0],
    [{ "retry-after-ms": "1250" }, 1_250],
    [{ "retry-after-ms": "soon", "retry-after": "2" }, 2_000],
    [{ date: "Sat, 21 Nov 2026 10:00:00 GMT", "retry-after": "Sat, 21 Nov 2026 10:00:30 GMT" }, 30_000],
    [{ date: "Sat, 21 Nov 2026 10:00:00 GMT", "retry-after": "Sat, 21 Nov 2026 09:00:00 GMT" }, 0],
    [{ "retry-after": "later" }, null],
    [{ "retry-after": "-5" }, null],
  ];
  for (const [headers, expected] of waits)
    test(`${name}: ${JSON.stringify(headers)} asks for ${expected} ms`, async (t) => {
      const limited = await asked(t, refusedWith(429, errorBody("rate_limit_error", "Error"), headers));
      const overloaded = await asked(t, refusedWith(529, errorBody("overloaded_error", "Overloaded"), headers));

      assert.equal(failedWith(limited.answer).retryAfterMs, expected);
      assert.equal(failedWith(overloaded.answer).retryAfterMs, expected);
    });
}

test("a token that the first redaction let through is not in what is sent", async (t) => {
  const server = await replayServer(t, saying(TEXT));
  const client = new Anthropic({ apiKey: KEY, baseURL: server.url, logLevel: "off" });
  const token = ["ghp", "x".repeat(36)].join("_");
  const data = JSON.stringify({ logs: [`clone with ${token} failed`, "twice"] });

  await anthropicModel({ client, redactAgain: secondRedactor() }).ask(requestWith({ data }));

  const { text, body } = onlyRequest(server);
  assert.ok(!text.includes(token));
  assert.match(body.messages[0]?.content ?? "", /clone with <.*"twice"/);
});

test("a redaction that fails sends nothing and costs nothing", async (t) => {
  const server = await replayServer(t, saying(TEXT));
  const client = new Anthropic({ apiKey: KEY, baseURL: server.url, logLevel: "off" });
  const failing = async (): Promise<string> => {
    throw new Error(`cannot read ${CANARY}`);
  };

  const answer = await anthropicModel({ client, redactAgain: failing }).ask(requestWith());

  const { code, detail } = failedWith(answer);
  assert.deepEqual([code, detail.includes(CANARY), server.received.length], ["drafter-failed", false, 0]);
  assert.deepEqual(answer.usage, FREE);
});

test("a redaction that hangs is timed out, and nothing is sent afterwards", async (t) => {
  const server = await replayServer(t, saying(TEXT));
  const client = new Anthropic({ apiKey: KEY, baseURL: server.url, logLevel: "off" });
  const { promise, resolve } = Promise.withResolvers<string>();

  const answer = await anthropicModel({ client, redactAgain: () => promise }).ask(requestWith({ timeoutMs: 50 }));
  resolve("too late");
  await new Promise(setImmediate);

  assert.deepEqual([outcome(answer), server.received.length], ["timed-out", 0]);
});

test("anthropic: the key goes into one header of one request, and the model is named in the body", async (t) => {
  const server = await replayServer(t, saying(TEXT));

  await anthropic(server.url).ask(requestWith({ model: "claude-named" }));

  const { path, headers, text, body } = onlyRequest(server);
  assert.deepEqual([path, body.model, body.stream], ["/v1/messages", "claude-named", true]);
  assert.deepEqual(
    Object.keys(headers).filter((header) => String(headers[header]).includes(KEY)),
    ["authorization"],
  );
  assert.ok(!text.includes(KEY));
});

test("anthropic: a key that no header can hold is not configured, and is not repeated", async () => {
  const client = new Anthropic({ apiKey: `${CANARY}\n${CANARY}`, baseURL: "http://127.0.0.1:9", logLevel: "off" });

  const { code, detail } = failedWith(await anthropicModel({ client, redactAgain }).ask(requestWith()));

  assert.deepEqual([code, detail.includes(CANARY)], ["not-configured", false]);
});

test("anthropic: an event that is no JSON is a malformed reply, and a page of HTML is a stream that was cut off", async (t) => {
  const garbled = await replayServer(t, streamed('event: message_start\ndata: {"type":"mess\n\n'));
  const page = await replayServer(t, streamed("<html>welcome</html>", { headers: { "content-type": "text/html" } }));

  const codes = [await anthropic(garbled.url).ask(requestWith()), await anthropic(page.url).ask(requestWith())];

  assert.deepEqual(codes.map(outcome), ["malformed-reply", "cut-off"]);
});

test("anthropic: events cut into single bytes, with CRLF and with spaces inside, read the same", async (t) => {
  const text = '{"é": "\u{1f600}"}';
  const padded = sse(eventsOf(messageOf(text)))
    .replaceAll("}\n", "}    \n")
    .replaceAll("\n", "\r\n");
  const server = await replayServer(t, streamed(padded, { drip: { bytes: 7, everyMs: 1 } }));

  const answer = await anthropic(server.url).ask(requestWith());

  assert.equal(answer.kind === "said" ? answer.text : outcome(answer), text);
});

test("bedrock: the inference profile stands before a model that is named as Anthropic names it, and before no other", async () => {
  const arn = "arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/abc123";
  const cases: readonly (readonly [string, string, string])[] = [
    ["global.anthropic.", "claude-named", "global.anthropic.claude-named"],
    ["eu.anthropic.", "claude-named", "eu.anthropic.claude-named"],
    ["anthropic.", "claude-named", "anthropic.claude-named"],
    ["global.anthropic.", "eu.anthropic.claude-named", "eu.anthropic.claude-named"],
    ["global.anthropic.", arn, arn],
  ];

  for (const [profile, model, asked] of cases) {
    const server = await openReplayServer([refusedWith(400, { message: "m" })]);
    await bedrock(server.url, redactAgain, profile).ask(requestWith({ model })).finally(server.close);

    assert.equal(decodeURIComponent(onlyRequest(server).path), `/model/${asked}/invoke-with-response-stream`);
  }
});

test("bedrock: the model is in the path, the request is signed for the region, and no key is sent", async (t) => {
  const stream = eventStream(GOOD);
  const server = await replayServer(t, {
    ...{ kind: "answer", status: 200, headers: { "content-type": "application/vnd.amazon.eventstream" }, body: stream },
  });

  await bedrock(server.url).ask(requestWith({ model: "eu.anthropic.claude-named" }));

  const { path, headers, body, text } = onlyRequest(server);
  assert.equal(path, "/model/eu.anthropic.claude-named/invoke-with-response-stream");
  assert.match(headers.authorization ?? "", /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-west-1\/bedrock\//);
  assert.deepEqual([body.model, body.stream], [undefined, undefined]);
  assert.ok("anthropic_version" in body && !text.includes(SIGNER.awsSecretKey));
});

const exceptions: readonly (readonly [string, DraftedOfflineCode])[] = [
  ["throttlingException", "rate-limited"],
  ["internalServerException", "server-error"],
  ["modelStreamErrorException", "server-error"],
  ["serviceUnavailableException", "server-error"],
  ["validationException", "bad-request"],
  ["modelTimeoutException", "timed-out"],
];
for (const [exception, code] of exceptions)
  test(`bedrock: ${exception} inside the stream is ${code}`, async (t) => {
    const server = await replayServer(t, {
      ...{ kind: "answer", status: 200, headers: { "content-type": "application/vnd.amazon.eventstream" } },
      body: eventStream(GOOD.slice(0, 3), exception),
    });

    const answer = await bedrock(server.url).ask(requestWith());

    assert.deepEqual([outcome(answer), answer.usage], [code, { ...COUNTED, outputTokens: MOST }]);
  });

test("bedrock: a frame whose checksum does not hold is a stream that was cut off", async (t) => {
  const body = eventStream(GOOD);
  body.writeUInt8(body.readUInt8(body.length - 30) ^ 1, body.length - 30);
  const server = await replayServer(t, {
    ...{ kind: "answer", status: 200, headers: { "content-type": "application/vnd.amazon.eventstream" }, body },
  });

  const answer = await bedrock(server.url).ask(requestWith());

  assert.equal(outcome(answer), "cut-off");
});

test("bedrock: nobody to sign as is not configured, and a search for credentials that hangs is timed out", async (t) => {
  const server = await replayServer(t, saying(TEXT));
  const clientOf = (resolver: () => Promise<never>) =>
    new AnthropicBedrock({
      ...{ awsRegion: "eu-west-1", baseURL: server.url, apiKey: null, logLevel: "off" },
      providerChainResolver: async () => resolver,
    });
  const nobody = clientOf(async () => {
    throw Object.assign(new Error("Could not load credentials"), { name: "CredentialsProviderError" });
  });
  const hanging = clientOf(() => new Promise(() => {}));

  const answers = await Promise.all(
    [nobody, hanging].map((client) =>
      bedrockModel({ client, redactAgain, inferenceProfile: "" }).ask(requestWith({ timeoutMs: 300 })),
    ),
  );

  assert.deepEqual(answers.map(outcome), ["not-configured", "timed-out"]);
  assert.equal(server.received.length, 0);
});

const onlyRequest = ({ received }: ReplayServer) => {
  const [first, ...others] = received;
  assert.ok(first !== undefined && others.length === 0);
  return first;
};
