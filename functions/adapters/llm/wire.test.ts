import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { z } from "zod";
import { catalogue } from "../../../runbooks/catalogue.ts";
import type { Context } from "../../core/context.ts";
import { API_ARN, contextWith, resourceWith, service, settingsWith } from "../../core/example.fixture.ts";
import type { DraftedOfflineCode } from "../../core/reasons.ts";
import type { SettingsInput } from "../../core/settings.ts";
import { simulatedLedger } from "../simulated/ledger.ts";
import {
  type Answer,
  errorBody,
  eventsOf,
  messageOf,
  openReplayServer,
  type Received,
  refusedWith,
  replayServer,
  saying,
  sse,
  streamed,
} from "./replay-server.fixture.ts";
import { draftBy, modelAt, SHORT_SECONDS, spentIn } from "./wire.fixture.ts";

const ROLLBACK = {
  ...{ runbook: "ecs-rollback", version: "1.0.0", target: API_ARN },
  params: { Cluster: "main", Service: "api", TaskDefinition: "api:1", ExpectedTaskDefinition: "api:2" },
  ...{ because: "the new version fails", evidence: [], recovers: 0.5 },
};
const replyWith = (candidates: readonly unknown[]): string => JSON.stringify({ hypotheses: [], candidates });
const GOOD = replyWith([ROLLBACK]);
const LIMITED = errorBody("rate_limit_error", "Error");
const OVERLOADED = errorBody("overloaded_error", "Overloaded");
const TRIES = settingsWith().drafter.mostTries;
const SHORT: SettingsInput["drafter"] = { trySeconds: SHORT_SECONDS, mostTries: 1 };

const drafted = async (
  t: TestContext,
  script: readonly Answer[],
  drafter: SettingsInput["drafter"] = {},
  budgets: SettingsInput["budgets"] = {},
) => {
  const server = await replayServer(t, ...script);
  return { ...(await draftBy(modelAt(server.url), drafter, {}, budgets)), received: server.received };
};

test("a good reply is drafted in the model's name, with what it cost, and nothing is waited for", async (t) => {
  const { drafted: draft, pauses, received, ledger } = await drafted(t, [saying(GOOD)]);

  const { usd, tokens } = await spentIn(ledger);
  assert.deepEqual([draft.name, draft.because, draft.model], ["anthropic", null, "claude-test"]);
  assert.deepEqual(
    draft.proposals.map(({ runbook, params }) => [runbook, params]),
    [["ecs-rollback", ROLLBACK.params]],
  );
  assert.deepEqual([draft.usd, draft.inputTokens + draft.outputTokens], [usd, tokens]);
  assert.deepEqual([received.length, pauses], [1, []]);
});

const stream = (text: string, changes: Readonly<Record<string, unknown>> = {}) =>
  sse(eventsOf(messageOf(text, changes)));

type Case = Readonly<{
  what: string;
  answer: Answer;
  code: DraftedOfflineCode;
  requests: number;
  drafter?: SettingsInput["drafter"];
}>;
const once = (what: string, answer: Answer, code: DraftedOfflineCode): Case => ({ what, answer, code, requests: 1 });
const twice = (what: string, answer: Answer, code: DraftedOfflineCode): Case => ({ what, answer, code, requests: 2 });
const each = (what: string, answer: Answer, code: DraftedOfflineCode): Case => ({
  what,
  answer,
  code,
  requests: TRIES,
});
const short = (what: string, answer: Answer): Case => ({ ...once(what, answer, "timed-out"), drafter: SHORT });

const CASES: readonly Case[] = [
  each("429 without retry-after", refusedWith(429, LIMITED), "rate-limited"),
  each("429 with retry-after", refusedWith(429, LIMITED, { "retry-after": "2" }), "rate-limited"),
  once("429 that asks for longer than there is", refusedWith(429, LIMITED, { "retry-after": "600" }), "rate-limited"),
  each("529 without retry-after", refusedWith(529, OVERLOADED), "overloaded"),
  each("529 with retry-after", refusedWith(529, OVERLOADED, { "retry-after-ms": "1500" }), "overloaded"),
  each("500", refusedWith(500, errorBody("api_error", "oh")), "server-error"),
  each("overload inside a 200 stream", streamed(`${stream(GOOD).slice(0, 400)}\n\n${sse([OVERLOADED])}`), "overloaded"),
  each("a reset before any byte", { kind: "reset" }, "unreachable"),
  each("a connection cut in the middle", streamed(stream(GOOD), { cutAfterBytes: 700 }), "cut-off"),
  each("a stream without its last event", streamed(sse(eventsOf(messageOf(GOOD)).slice(0, -1))), "cut-off"),
  short("a drip past the deadline", streamed(stream(GOOD), { drip: { bytes: 20, everyMs: 40 } })),
  short("silence past the deadline", { kind: "silence" }),
  once("401", refusedWith(401, errorBody("authentication_error", "who?")), "unauthorised"),
  once("404", refusedWith(404, errorBody("not_found_error", "model: x")), "bad-request"),
  once("a prompt too long", refusedWith(400, errorBody("x", "prompt is too long: 2 > 1")), "context-too-long"),
  once("a refusal", saying("", { stop_reason: "refusal", content: [] }), "refused-by-model"),
  once("a refusal after a good reply", saying(GOOD, { stop_reason: "refusal" }), "refused-by-model"),
  once("a tool call", saying(GOOD, { stop_reason: "tool_use" }), "unexpected-tool-use"),
  once("a paused turn", saying(GOOD, { stop_reason: "pause_turn" }), "paused"),
  once("a reason nobody knows", saying(GOOD, { stop_reason: "tired" }), "stopped"),
  twice("a good reply that ran out of tokens", saying(GOOD, { stop_reason: "max_tokens" }), "truncated"),
  twice("no text", saying(" "), "empty-reply"),
  twice("malformed JSON", saying('{"candidates": ['), "malformed-reply"),
  twice("prose", saying("I would roll it back."), "malformed-reply"),
  twice("an unknown runbook", saying(replyWith([{ ...ROLLBACK, runbook: "rm-rf" }])), "unknown-runbook"),
  twice("an unknown version", saying(replyWith([{ ...ROLLBACK, version: "9.9.9" }])), "unknown-runbook"),
  twice("a parameter of a wrong type", saying(replyWith([{ ...ROLLBACK, params: { Cluster: 7 } }])), "bad-parameter"),
  twice("33 candidates", saying(replyWith(Array(33).fill(ROLLBACK))), "too-many-candidates"),
  twice("10^6 candidates", saying(replyWith(Array(1_000_000).fill({}))), "truncated"),
];

for (const { what, answer, code, requests, drafter } of CASES)
  test(`${what} is ${code} after ${requests} requests, and the offline drafter speaks within the budget`, async (t) => {
    const { drafted: draft, received, ledger } = await drafted(t, [answer], drafter);

    const spent = await spentIn(ledger);
    const { usdPerIncident, tokensPerIncident } = settingsWith().budgets;
    t.diagnostic(`${what} | ${draft.because?.code} | ${received.length} | ${draft.usd.toFixed(5)}`);
    assert.deepEqual([draft.name, draft.because?.code, received.length], ["offline", code, requests]);
    assert.ok(spent.usd <= usdPerIncident && spent.tokens <= tokensPerIncident);
    assert.ok(Math.abs(draft.usd - spent.usd) < 1e-9);
  });

test("what a provider asks for is waited for at the least, and then the reply counts", async (t) => {
  const limited = refusedWith(429, LIMITED, { "retry-after": "7" });
  const { drafted: draft, pauses, received } = await drafted(t, [limited, saying(GOOD)]);

  assert.deepEqual([draft.because, received.length], [null, 2]);
  assert.ok(pauses.length === 1 && pauses.every((ms) => ms >= 7_000));
});

test("a budget with no room for a call asks nobody", async (t) => {
  const { drafted: draft, received } = await drafted(t, [saying(GOOD)], {}, { usdPerIncident: 0.000_01 });

  assert.deepEqual([draft.because?.code, received.length], ["budget-spent", 0]);
});

/** More than any document may hold, so that the prompt is as full as the settings let it be. */
const FULL: Partial<Context> = {
  resources: Array.from({ length: 300 }, (_, i) =>
    resourceWith({ arn: `${API_ARN}-${i}`, attributes: { note: "a word ".repeat(30) } }),
  ),
};
/** A reply that cost the most that a call can cost. */
const dearest = (received: readonly Received[]): Answer => {
  const bytes = received[0] === undefined ? 0 : Buffer.byteLength(received[0].text);
  return saying(GOOD, { usage: { input_tokens: Math.ceil(bytes / 2), output_tokens: 4_000 } });
};

for (const [what, broken] of [
  ["a 500", refusedWith(500, errorBody("api_error", "oh"))],
  ["a 503", refusedWith(503, { message: "Service unavailable" })],
  ["a 408", refusedWith(408, { message: "Model has timed out" })],
  ["a connection that was lost", { kind: "reset" }],
] as readonly (readonly [string, Answer])[])
  test(`after ${what} the fullest prompt is asked again by default, and again at the next decision, however dear the reply`, async (t) => {
    const probe = await replayServer(t, saying(GOOD));
    await draftBy(modelAt(probe.url), {}, FULL);
    const server = await replayServer(t, broken, dearest(probe.received));
    const ledger = simulatedLedger();

    const first = await draftBy(modelAt(server.url), {}, FULL, {}, ledger);
    const second = await draftBy(modelAt(server.url), {}, { ...FULL, step: 1 }, {}, ledger);

    const spent = await spentIn(ledger);
    t.diagnostic(`${probe.received[0]?.text.length} bytes | USD ${spent.usd.toFixed(4)} | ${spent.tokens} tokens`);
    assert.deepEqual([first.drafted.because, second.drafted.because, server.received.length], [null, null, 3]);
    assert.ok(spent.usd <= 0.25 && spent.tokens <= 60_000);
  });

test("where an incident's tokens are too few for another call, nobody is asked and the reason counts them", async (t) => {
  const server = await replayServer(t, refusedWith(500, errorBody("api_error", "oh")));
  const ledger = simulatedLedger();

  await draftBy(modelAt(server.url), {}, FULL, {}, ledger);
  const { drafted: second } = await draftBy(modelAt(server.url), {}, { ...FULL, step: 1 }, {}, ledger);

  assert.equal(server.received.length, TRIES);
  assert.equal(second.because?.code, "budget-spent");
  assert.match(second.because?.detail ?? "", /^A call may take \d+ tokens, and the budget leaves \d+\.$/);
});

const schemaSent = z.looseObject({
  properties: z.looseObject({
    candidates: z.looseObject({
      items: z.looseObject({
        anyOf: z.array(z.looseObject({ properties: z.looseObject({ runbook: z.looseObject({ const: z.string() }) }) })),
      }),
    }),
  }),
});

test("the schema that is sent has one form for each runbook that has a target in the graph", async (t) => {
  const { received } = await drafted(t, [saying(GOOD)]);

  const { properties } = schemaSent.parse(received[0]?.body.output_config?.format.schema);
  const forms = properties.candidates.items.anyOf.map((form) => form.properties.runbook.const);
  const types = new Set(contextWith().resources.map(({ type }) => type));
  const fitting = catalogue.runbooks.filter(({ targetType }) => targetType !== null && types.has(targetType));
  assert.ok(fitting.length > 1 && fitting.length < catalogue.runbooks.length / 2);
  assert.deepEqual(
    forms,
    fitting.map(({ id }) => id),
  );
});

test("the first model that covers the severity is asked", async () => {
  const { models } = settingsWith().drafter;
  const askedFor = async (severity: number): Promise<string | undefined> => {
    const server = await openReplayServer([saying(GOOD)]);
    await draftBy(modelAt(server.url), {}, { service: { ...service, severity } }).finally(server.close);
    return server.received[0]?.body.model;
  };

  const asked = await Promise.all([1, 2, 3, 4].map(askedFor));

  const expected = [1, 2, 3, 4].map((severity) => models.find(({ severities }) => severities.includes(severity))?.id);
  assert.deepEqual(asked, expected);
  assert.equal(new Set(asked).size, 2);
});
