import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { draftOffline } from "./draft.ts";
import { OPENED_MS, settingsWith } from "./example.fixture.ts";
import {
  CATALOGUE,
  failedWith,
  hostedParts,
  replyWith,
  type Scripted,
  said,
  toldContext,
} from "./hosted-drafter.fixture.ts";
import { hostedDrafter } from "./hosted-drafter.ts";
import type { Json } from "./json.ts";
import { TRIED_AGAIN } from "./next-try.ts";
import { parseParams } from "./parameters.ts";
import type { Drafted } from "./ports.ts";
import { DRAFTED_OFFLINE } from "./reasons.ts";
import { findRunbook } from "./runbook.ts";
import { costOf } from "./spending.ts";

const context = toldContext("text");
const settings = settingsWith();
const [dear, cheap] = settings.drafter.models;
assert.ok(dear && cheap);
const at = (takesMs: number, answer: Scripted["answer"]): Scripted => ({ answer, takesMs });
const GOOD = at(2_000, said(replyWith()));
const rules = draftOffline(context, CATALOGUE, null).proposals;

const played = async (script: readonly Scripted[], with_ = settings, told = context) => {
  const { parts, ...seen } = hostedParts(script, with_);
  const drafted = await hostedDrafter(parts).draft(told, CATALOGUE);
  return { drafted, ...seen, parts, seconds: (seen.clock.nowMs - OPENED_MS) / 1000 };
};

const spentIn = (
  items: ReadonlyMap<string, Readonly<{ item: Json }>>,
  prefix: string,
): readonly (readonly number[])[] =>
  [...items]
    .filter(([key]) => key.startsWith(prefix))
    .map(([, { item }]) => {
      const { calls } = item as unknown as Readonly<{ calls: readonly Readonly<{ usd: number; tokens: number }>[] }>;
      return [
        calls.reduce((sum, { usd }) => sum + usd, 0),
        calls.reduce((sum, { tokens }) => sum + tokens, 0),
        calls.length,
      ];
    });

test("a good reply is drafted by the model's name, with what it cost", async () => {
  const { drafted, requests, seconds } = await played([GOOD]);

  const { usd, inputTokens, outputTokens } = drafted;
  assert.deepEqual(
    [drafted.name, drafted.because, drafted.model, drafted.modelBecause],
    ["anthropic", null, "model-that-answered", "severity 2"],
  );
  assert.deepEqual([usd.toFixed(4), inputTokens, outputTokens], ["0.0063", 2000, 400]);
  assert.deepEqual(
    drafted.proposals.map(({ runbook }) => runbook),
    ["restart"],
  );
  assert.equal(drafted.hypotheses.length, 1);
  assert.deepEqual([requests.length, requests[0]?.model, requests[0]?.timeoutMs, seconds], [1, dear.id, 40_000, 2]);
});

const answers = fc.record({
  takesMs: fc.oneof(fc.nat(5_000), fc.nat(120_000)),
  answer: fc.oneof(
    fc.record({
      kind: fc.constant("failed" as const),
      code: fc.constantFrom(...DRAFTED_OFFLINE),
      detail: fc.string(),
      usage: fc.constant(null),
      retryAfterMs: fc.oneof(fc.constant(null), fc.nat(90_000), fc.constantFrom(Number.NaN, -5)),
    }),
    fc
      .oneof(fc.string(), fc.json(), fc.constant(replyWith()), fc.constant(replyWith({ runbook: "x" })))
      .map((text) => said(text)),
  ),
});

test("whatever a model answers, a draft ends in time, within its budgets, without a throw, and in the catalogue", async () => {
  const budgets = fc.record({
    usdPerIncident: fc.double({ min: 0.001, max: 0.3, noNaN: true }),
    tokensPerIncident: fc.integer({ min: 1_000, max: 60_000 }),
    usdPerHour: fc.double({ min: 0.001, max: 0.5, noNaN: true }),
    modelCallsPerHour: fc.integer({ min: 1, max: 6 }),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(answers, { maxLength: 8 }),
      budgets,
      fc.integer({ min: 1, max: 5 }),
      async (script, budget, mostTries) => {
        const tight = settingsWith({ budgets: budget, drafter: { mostTries } });
        const { parts, clock, ledger, requests } = hostedParts(script, tight);
        const drafter = hostedDrafter(parts);

        for (const step of [0, 1, 2]) {
          const [startedMs, askedBefore] = [clock.nowMs, requests.length];
          const drafted = await drafter.draft({ ...context, step }, CATALOGUE);

          assert.ok(clock.nowMs - startedMs <= tight.drafter.deadlineSeconds * 1000 + 1);
          assert.ok(requests.length - askedBefore <= mostTries);
          assert.equal(drafted.because === null, drafted.name === "anthropic");
          for (const { runbook, version, params } of drafted.proposals) {
            const found = findRunbook(CATALOGUE, runbook, version);
            assert.ok(found !== null && parseParams(found, params).kind === "ok");
          }
        }
        for (const [usd = 0, tokens = 0] of spentIn(ledger.items, "spend#incident/")) {
          assert.ok(usd <= budget.usdPerIncident + 1e-9 && tokens <= budget.tokensPerIncident);
        }
        for (const [usd = 0, , calls = 0] of spentIn(ledger.items, "spend#hour/")) {
          assert.ok(usd <= budget.usdPerHour + 1e-9 && calls <= budget.modelCallsPerHour);
        }
      },
    ),
    { numRuns: 500 },
  );
});

test("each way to fail ends in the offline drafter with its code, after the tries that it is worth", async () => {
  const tries = { later: 3, once: 2, never: 1 };

  for (const code of DRAFTED_OFFLINE) {
    const { drafted, requests } = await played([at(100, failedWith(code))]);

    assert.deepEqual([drafted.name, drafted.because?.code], ["offline", code]);
    assert.equal(requests.length, tries[TRIED_AGAIN[code]], code);
    assert.deepEqual(drafted.proposals, rules);
    assert.deepEqual([drafted.model, drafted.modelBecause], [dear.id, "severity 2"]);
  }
});

test("each reply that is no good is asked for once more, and a good one then counts", async () => {
  const bad = [
    "",
    "{}",
    JSON.stringify({ candidates: Array(33).fill(0) }),
    replyWith({ runbook: "x" }),
    replyWith({ params: {} }),
  ];

  for (const text of bad) {
    const mended = await played([at(100, said(text)), GOOD]);
    const lost = await played([at(100, said(text))]);

    assert.deepEqual([mended.drafted.name, mended.requests.length, mended.pauses], ["anthropic", 2, []]);
    assert.deepEqual([lost.drafted.name, lost.requests.length], ["offline", 2]);
    assert.match(lost.drafted.because?.detail ?? "", /\(2 tries\)$/);
  }
});

test("what a model named that does not exist is kept for the record, whoever drafts in the end", async () => {
  const { drafted } = await played([at(100, said(replyWith({ runbook: "AWS-RunShellScript" })))]);

  assert.equal(drafted.because?.code, "unknown-runbook");
  assert.deepEqual(
    drafted.rejected.map(({ runbook }) => runbook),
    ["AWS-RunShellScript"],
  );
});

test("tokens and money are summed over all tries, a failed one at the most it could cost", async () => {
  const { drafted, ledger, requests } = await played([at(100, failedWith("overloaded")), GOOD]);

  const good = costOf(dear, { inputTokens: 900, cacheWriteTokens: 100, cacheReadTokens: 1000, outputTokens: 400 });
  const [[usd = 0, tokens = 0, calls] = []] = spentIn(ledger.items, "spend#incident/");
  assert.deepEqual([requests.length, calls, drafted.outputTokens], [2, 2, 4_400]);
  assert.ok(drafted.usd > good.usd + 0.04);
  assert.ok(Math.abs(drafted.usd - usd) < 1e-9 && drafted.inputTokens + drafted.outputTokens === tokens);
});

test("a try may take what is left of the deadline and no more, and none begins after it", async () => {
  const { drafted, requests, seconds } = await played([at(3_600_000, GOOD.answer)]);

  const [first, second] = requests.map(({ timeoutMs }) => timeoutMs);
  assert.equal(first, 40_000);
  assert.ok(second !== undefined && second < 20_000);
  assert.deepEqual([requests.length, seconds, drafted.because?.code], [2, 60, "timed-out"]);
});

test("a provider that asks to be left alone for longer than the deadline is not asked again", async () => {
  const { drafted, requests, pauses, seconds } = await played([
    at(100, failedWith("rate-limited", { retryAfterMs: 60_000 })),
  ]);

  assert.deepEqual([drafted.because?.code, requests.length, pauses, seconds], ["rate-limited", 1, [], 0.1]);
});

test("a truncated reply may be twice as long the next time, if the budget has room for it", async () => {
  const roomy = await played([at(100, failedWith("truncated")), GOOD]);
  const short = await played(
    [at(100, failedWith("truncated")), GOOD],
    settingsWith({ budgets: { usdPerIncident: 0.1 } }),
  );

  assert.deepEqual(
    roomy.requests.map(({ maxOutputTokens }) => maxOutputTokens),
    [4_000, 8_000],
  );
  assert.equal(roomy.drafted.name, "anthropic");
  assert.deepEqual([short.requests.length, short.drafted.because?.code], [1, "truncated"]);
});

test("a truncated reply is not asked for again where twice its time is no longer left", async () => {
  const late = await played([at(21_000, failedWith("truncated")), GOOD]);
  const early = await played([at(20_000, failedWith("truncated")), GOOD]);

  assert.deepEqual([late.requests.length, late.drafted.because?.code], [1, "truncated"]);
  assert.deepEqual([early.requests.length, early.drafted.because], [2, null]);
});

const modelAt = async (severity: number, usdPerIncident: number) => {
  const told = { ...context, service: { ...context.service, severity } };
  const { drafted, requests } = await played([GOOD], settingsWith({ budgets: { usdPerIncident } }), told);
  return [requests[0]?.model ?? null, drafted.modelBecause, drafted.because?.code ?? null];
};

test("the severity names the model, a short budget a cheaper one, and an empty one nobody", async () => {
  const chosen = [await modelAt(1, 0.25), await modelAt(4, 0.25), await modelAt(2, 0.04), await modelAt(2, 0.001)];

  assert.deepEqual(chosen, [
    [dear.id, "severity 1", null],
    [cheap.id, "severity 4", null],
    [cheap.id, "the budget leaves USD 0.04", null],
    [null, null, "budget-spent"],
  ]);
});

test("a severity that no model covers is nobody's to draft", async () => {
  const none = settingsWith({ drafter: { models: [{ ...dear, severities: [1] }] } });

  const { drafted, requests } = await played([GOOD], none);

  assert.deepEqual([requests.length, drafted.because?.code, drafted.model], [0, "not-configured", null]);
});

test("an hour whose calls are spent asks no model", async () => {
  const { parts, requests } = hostedParts([GOOD], settingsWith({ budgets: { modelCallsPerHour: 1 } }));
  const drafter = hostedDrafter(parts);

  await drafter.draft(context, CATALOGUE);
  const second = await drafter.draft({ ...context, incidentId: "quell-other" }, CATALOGUE);

  assert.deepEqual(
    [requests.length, second.because],
    [1, { code: "budget-spent", detail: "No call fits into modelCallsPerHour." }],
  );
});

test("a ledger that fails before the call costs the call, one that fails after it costs nothing", async () => {
  const before = hostedParts([GOOD]);
  const broken = { ...before.parts.ledger, read: () => Promise.reject(new Error("the ledger is away")) };
  const lost = await hostedDrafter({ ...before.parts, ledger: broken }).draft(context, CATALOGUE);

  const after = hostedParts([GOOD]);
  const failing = {
    ...after.ledger,
    write: async (...written: Parameters<typeof after.ledger.write>) => {
      if (after.requests.length > 0) throw new Error("the ledger is away");
      return after.ledger.write(...written);
    },
  };
  const kept = await hostedDrafter({ ...after.parts, ledger: failing }).draft(context, CATALOGUE);

  assert.deepEqual([lost.because?.code, before.requests.length], ["drafter-failed", 0]);
  assert.equal(kept.name, "anthropic");
});

test("a model that throws is a drafter that failed, not a failed decision", async () => {
  const { parts } = hostedParts([]);
  const thrower = { ...parts.model, ask: () => Promise.reject(new Error(`no: AKIA${"ABCDEFGHIJ234567"}`)) };

  const { because } = await hostedDrafter({ ...parts, model: thrower }).draft(context, CATALOGUE);

  assert.equal(because?.code, "drafter-failed");
  assert.ok(!because?.detail.includes("ABCDEFGHIJ"));
});

test("a provider's words in a reason are bounded and lose their secrets", async () => {
  const { drafted } = await played([
    at(100, failedWith("bad-request", { detail: `AKIA${"ABCDEFGHIJ234567"} ${"x ".repeat(900)}` })),
  ]);

  assert.ok((drafted.because?.detail.length ?? 999) <= 200);
  assert.ok(!drafted.because?.detail.includes("ABCDEFGHIJ"));
});

const draftsOf = async (script: readonly Scripted[], incidents: number, gapSeconds: number) => {
  const { parts, clock, requests } = hostedParts(script, settingsWith({ budgets: { usdPerHour: 100 } }));
  const drafts: Drafted[] = [];
  const asked: number[] = [];
  for (let i = 0; i < incidents; i++) {
    const before = requests.length;
    drafts.push(await hostedDrafter(parts).draft({ ...context, incidentId: `quell-${i}` }, CATALOGUE));
    asked.push(requests.length - before);
    clock.nowMs += gapSeconds * 1000;
  }
  return { drafts, asked };
};

test("after three incidents without an answer the next are not kept waiting, until one of them tries", async () => {
  const { drafts, asked } = await draftsOf([at(100, failedWith("overloaded"))], 8, 60);

  assert.deepEqual(asked, [3, 3, 3, 0, 0, 0, 0, 3]);
  assert.ok(drafts.every(({ because }) => because?.code === "overloaded"));
  assert.match(drafts[3]?.because?.detail ?? "", /left alone for 2\d\d s/);
});

test("a provider that answers, however badly, is not left alone", async () => {
  const { asked } = await draftsOf([at(100, failedWith("refused-by-model"))], 6, 60);

  assert.deepEqual(asked, [1, 1, 1, 1, 1, 1]);
});

test("a repetition after a crash is counted beside the call that it repeats", async () => {
  const { parts, clock, ledger } = hostedParts([GOOD]);
  await hostedDrafter(parts).draft(context, CATALOGUE);
  clock.nowMs += 1;

  await hostedDrafter(parts).draft(context, CATALOGUE);

  const [[, , calls] = []] = spentIn(ledger.items, "spend#incident/");
  assert.equal(calls, 2);
});
