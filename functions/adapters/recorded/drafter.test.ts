import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { draftOffline } from "../../core/draft.ts";
import { API_ARN, catalogue, contextWith, snapshotWith } from "../../core/example.fixture.ts";
import type { Json } from "../../core/json.ts";
import { DRAFTED_OFFLINE } from "../../core/reasons.ts";
import { recordedDrafter } from "./drafter.ts";

const context = contextWith();
const ALARM = snapshotWith().key;
const candidate = {
  ...{ runbook: "restart", version: "1.0.0", target: API_ARN, params: { Service: "api" }, because: "it hangs" },
  ...{ evidence: [{ ref: ALARM, says: "ringing" }], recovers: 0.6 },
};
const said = { hypotheses: [], candidates: [candidate] };
const responseWith = (changes: Readonly<Record<string, Json>> = {}): Json => ({
  ...{ id: "msg_1", type: "message", role: "assistant", model: "some-model" },
  content: [{ type: "text", text: JSON.stringify(said) }],
  ...{ stop_reason: "end_turn", usage: { input_tokens: 10, cache_read_input_tokens: 200, output_tokens: 30 } },
  ...changes,
});
const draft = (recorded: Json) => recordedDrafter(recorded).draft(context, catalogue);

test("a reply is read whether it was recorded as a response, as its text or as the JSON of its text", async () => {
  const text = JSON.stringify(said);
  const halves = [text.slice(0, 20), text.slice(20)].map((half) => ({ type: "text", text: half }));
  const recordings = [said, text, responseWith(), responseWith({ content: halves })];

  const drafts = await Promise.all(recordings.map(draft));

  for (const one of drafts) {
    assert.deepEqual([one.name, one.because, one.usd, one.rejected, one.hypotheses], ["recorded", null, 0, [], []]);
    assert.deepEqual(one.proposals, [{ ...candidate, evidence: [{ id: ALARM, says: "ringing" }] }]);
  }
  assert.deepEqual(
    drafts.map(({ model, inputTokens, outputTokens }) => [model, inputTokens, outputTokens]),
    [
      [null, 0, 0],
      [null, 0, 0],
      ["some-model", 210, 30],
      ["some-model", 210, 30],
    ],
  );
});

test("an array holds one reply a call, and past its end the offline drafter speaks", async () => {
  const drafter = recordedDrafter([said, "nonsense"]);

  const drafts = [
    await drafter.draft(context, catalogue),
    await drafter.draft(context, catalogue),
    await drafter.draft(context, catalogue),
    await drafter.draft(context, catalogue),
  ];

  assert.deepEqual(
    drafts.map(({ name, because }) => [name, because?.code ?? null]),
    [
      ["recorded", null],
      ["offline", "malformed-reply"],
      ["offline", "no-reply"],
      ["offline", "no-reply"],
    ],
  );
  assert.deepEqual(drafts[2]?.proposals, draftOffline(context, catalogue, null).proposals);
});

const UNUSABLE: readonly (readonly [name: string, recorded: Json, code: (typeof DRAFTED_OFFLINE)[number]])[] = [
  ["max_tokens", responseWith({ stop_reason: "max_tokens" }), "truncated"],
  ["refusal", responseWith({ stop_reason: "refusal" }), "refused-by-model"],
  ["a full context window", responseWith({ stop_reason: "model_context_window_exceeded" }), "context-too-long"],
  ["pause_turn", responseWith({ stop_reason: "pause_turn" }), "paused"],
  ["tool_use", responseWith({ stop_reason: "tool_use" }), "unexpected-tool-use"],
  ["stop_sequence", responseWith({ stop_reason: "stop_sequence" }), "stopped"],
  ["a reason of a later day", responseWith({ stop_reason: "constructor" }), "stopped"],
  ["no reason", responseWith({ stop_reason: null }), "stopped"],
  ["a reason that is no text", responseWith({ stop_reason: 7 }), "malformed-reply"],
  ["no content", responseWith({ content: null }), "malformed-reply"],
  ["content that is a text", responseWith({ content: "hello" }), "malformed-reply"],
  ["content without blocks", responseWith({ content: [] }), "empty-reply"],
  ["content without text", responseWith({ content: [{ type: "thinking", thinking: "hm" }] }), "empty-reply"],
  ["half of the JSON", responseWith({ content: [{ type: "text", text: '{"candidates": [' }] }), "malformed-reply"],
  ["a number", 7, "malformed-reply"],
  ["null", null, "malformed-reply"],
  ["an empty text", "", "empty-reply"],
  ["another object", { content: "of a log line" }, "malformed-reply"],
  ["an unknown runbook", { ...said, candidates: [{ ...candidate, runbook: "drop" }] }, "unknown-runbook"],
];

for (const [name, recorded, code] of UNUSABLE)
  test(`a recorded reply that is no answer, ${name}, is told as ${code}, and the rules speak instead`, async () => {
    const one = await draft(recorded);

    assert.deepEqual([one.name, one.because?.code], ["offline", code]);
    assert.deepEqual(one.proposals, draftOffline(context, catalogue, null).proposals);
  });

test("what a response cost is told even where it holds no answer", async () => {
  const one = await draft(responseWith({ stop_reason: "max_tokens" }));

  assert.deepEqual([one.model, one.inputTokens, one.outputTokens, one.usd], ["some-model", 210, 30, 0]);
});

test("what a reply names outside the catalogue is kept, for the guard to refuse", async () => {
  const foreign = { ...candidate, runbook: "drop-database" };

  const [alone, beside] = await Promise.all([
    draft({ ...said, candidates: [foreign] }),
    draft({ ...said, candidates: [foreign, candidate] }),
  ]);

  for (const one of [alone, beside])
    assert.deepEqual(
      one?.rejected.map(({ runbook }) => runbook),
      ["drop-database"],
    );
});

test("whatever JSON was recorded, the drafter answers: recorded, or offline with one of the codes", async () => {
  const whole = fc.record({
    content: fc.oneof(
      fc.jsonValue(),
      fc.array(fc.record({ type: fc.constantFrom("text", "tool_use"), text: fc.json() })),
    ),
    stop_reason: fc.oneof(fc.constant("end_turn"), fc.jsonValue()),
    usage: fc.jsonValue(),
    model: fc.jsonValue(),
  });
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.jsonValue(), whole), async (raw) => {
      const one = await draft([JSON.parse(JSON.stringify(raw)) as Json]);

      assert.ok(
        one.name === "recorded" ? one.because === null : DRAFTED_OFFLINE.includes(one.because?.code ?? "stopped"),
      );
      assert.ok([one.inputTokens, one.outputTokens].every((count) => Number.isSafeInteger(count) && count >= 0));
      assert.ok(one.model === null || typeof one.model === "string");
    }),
    { numRuns: 1_000 },
  );
});
