import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { simulatedLedger } from "../adapters/simulated/ledger.ts";
import { decide } from "./decide.ts";
import { draftOffline } from "./draft.ts";
import {
  API_ARN,
  catalogue,
  catalogueOf,
  contextWith,
  errorsSli,
  page,
  resourceWith,
  runbookWith,
  settingsWith,
  wait,
} from "./example.fixture.ts";
import { contextDigest } from "./gather.ts";
import { POLICIES } from "./policies.ts";
import type { Drafter, Guardrails, Ports, Scorer } from "./ports.ts";
import { because } from "./reasons.ts";
import { settingsSchema } from "./settings.ts";

type DecidePorts = Parameters<typeof decide>[0];

const drafter: Drafter = { draft: async (context, all) => draftOffline(context, all, null) };
const permits: Guardrails = {
  hash: "g",
  ask: async ({ effect }) => ({ kind: "permitted", consents: effect ? 1 : 0, policies: [] }),
};
const refuses: Guardrails = {
  hash: "g",
  ask: async ({ effect }) =>
    effect
      ? { kind: "refused", because: because("cooldown", "it ran a minute ago"), policies: [] }
      : { kind: "permitted", consents: 0, policies: [] },
};
const scorer = POLICIES.rules as Scorer;
const portsWith = (changes: Partial<DecidePorts> = {}): DecidePorts => ({
  drafter,
  guardrails: permits,
  scorer,
  ledger: simulatedLedger(),
  switch: { read: async () => "on" },
  clock: { nowMs: () => contextWith().nowMs },
  catalogue,
  ...changes,
});
const settings = settingsWith();
const scoring = (score: Scorer["score"]): DecidePorts => portsWith({ scorer: { ...scorer, score } });
const runbooks = (decision: Awaited<ReturnType<typeof decide>>) =>
  decision.weighed.map(({ verdict }) => verdict.candidate.runbook);

test("a decision tells all that it rested on: candidates, vectors, digest, baseline, target and seed", async () => {
  const context = contextWith();

  const decision = await decide(portsWith(), settings, "auto", context);

  assert.deepEqual(runbooks(decision), ["restart", "wait", "page"]);
  assert.equal(decision.result.kind === "chosen" && decision.result.candidate.runbook, "restart");
  assert.deepEqual(
    [decision.decisionId, decision.decidedAtMs, decision.mode, decision.policy, decision.drafter.name],
    ["quell-test/0", context.nowMs, "auto", "rules", "offline"],
  );
  assert.deepEqual([decision.digest, decision.seed], [contextDigest(context), "quell-test/0"]);
  assert.deepEqual(decision.baseline.slis[0], { name: errorsSli.name, value: 0.1, points: 3 });
  assert.deepEqual(decision.target, resourceWith());
});

test("a decision survives the journal: as JSON it is the same", async () => {
  const decision = await decide(portsWith(), settings, "auto", contextWith());

  const stored: unknown = JSON.parse(JSON.stringify(decision));

  assert.deepEqual(stored, decision);
});

test("a drafter that fails is replaced by the catalogue's rules, and the decision says so", async () => {
  for (const draft of [
    () => Promise.reject(new Error("overloaded")),
    () => {
      throw new Error("overloaded");
    },
  ]) {
    const decision = await decide(portsWith({ drafter: { draft } }), settings, "auto", contextWith());

    assert.deepEqual([decision.drafter.name, decision.drafter.because?.detail], ["offline", "overloaded"]);
    assert.deepEqual(runbooks(decision), ["restart", "wait", "page"]);
    assert.equal(decision.result.kind, "chosen");
  }
});

const BROKEN: readonly (readonly [string, Scorer["score"]])[] = [
  ["throws", () => Promise.reject(new Error("no session"))],
  ["says nothing", async () => []],
  ["speaks of fewer candidates", async () => [{ q: { mean: 1, sd: 0 } }]],
  ["says NaN", async (_, all) => all.map(() => ({ q: { mean: Number.NaN, sd: 0 } }))],
  ["says infinity", async (_, all) => all.map(() => ({ q: { mean: Number.POSITIVE_INFINITY, sd: 0 } }))],
  ["has no finite spread", async (_, all) => all.map(() => ({ q: { mean: 1, sd: Number.NaN } }))],
];

for (const [name, score] of BROKEN)
  test(`a scorer that ${name} makes it abstain with no-model and call people`, async () => {
    const decision = await decide(scoring(score), settings, "auto", contextWith());

    assert.equal(decision.result.kind === "abstained" && decision.result.because.code, "no-model");
    assert.equal(decision.result.kind === "abstained" && decision.result.falls, "page");
    assert.deepEqual(
      decision.weighed.map(({ probability }) => probability),
      [0, 0, 1],
    );
  });

test("why a scorer could not speak is told", async () => {
  const silent = scoring(() => Promise.reject(new Error("no session")));

  const { result } = await decide(silent, settings, "auto", contextWith());

  assert.equal(result.kind === "abstained" && result.because.detail, "no session");
});

test("a candidate that cannot be encoded makes it abstain with bad-features", async () => {
  const odd = { target: API_ARN, params: { Service: "api" }, fit: Number.NaN, because: "", evidence: [] };
  const ports = portsWith({ catalogue: catalogueOf(runbookWith({ suits: () => [odd] }), wait, page) });

  const { result } = await decide(ports, settings, "auto", contextWith());

  assert.deepEqual(result.kind === "abstained" && [result.because.code, result.falls], ["bad-features", "page"]);
});

test("whatever a scorer says, what the guard refused is not chosen", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.double(), { minLength: 3, maxLength: 3 }), async (means) => {
      const ports = portsWith({
        guardrails: refuses,
        scorer: { ...scorer, score: async () => means.map((mean) => ({ q: { mean, sd: 0 } })) },
      });

      const decision = await decide(ports, settings, "auto", contextWith());

      assert.equal(decision.weighed[0]?.verdict.kind, "refused");
      assert.equal(decision.weighed[0]?.probability, 0);
      assert.ok(decision.result.kind === "abstained" || decision.result.index !== 0);
    }),
  );
});

test("with every port broken it still hands over to people", async () => {
  const down = () => Promise.reject(new Error("down"));
  const ports = portsWith({
    drafter: { draft: down },
    guardrails: { hash: "g", ask: down },
    scorer: { ...scorer, score: down },
    ledger: { read: down, write: down, list: down },
    switch: { read: down },
  });

  const { result, weighed } = await decide(ports, settings, "auto", contextWith());

  const taken = weighed.find(({ probability }) => probability === 1)?.verdict.candidate.runbook;
  assert.equal(taken, "page");
  assert.equal(result.kind === "abstained" && result.falls, "page");
});

test("at the last decision that an incident has, only handing over is left", async () => {
  const step = settings.decisionsPerIncident - 1;

  const decisions = await Promise.all(
    [step - 1, step, step + 1].map((one) => decide(portsWith(), settings, "auto", contextWith({ step: one }))),
  );

  assert.deepEqual(decisions.map(runbooks), [["restart", "wait", "page"], ["page"], ["page"]]);
});

test("a plan lives for the approval's time", async () => {
  const short = settingsSchema.parse({ ...settings, approvalSeconds: 60 });

  const { result, decidedAtMs } = await decide(portsWith(), short, "auto", contextWith());

  assert.equal(result.kind === "chosen" && result.plan?.expiresAtMs, decidedAtMs + 60_000);
});

test("a decision's facts are computed: no word of a drafter is among them", async () => {
  const lie = "This has no impact, approve at once";
  const lying: Ports["drafter"] = {
    draft: async (context, all) => ({
      ...draftOffline(context, all, null),
      name: "anthropic",
      proposals: [
        {
          ...{ runbook: "restart", version: "1.0.0", target: API_ARN, params: { Service: "api" } },
          ...{ because: lie, evidence: [], recovers: null },
        },
      ],
    }),
  };

  const decision = await decide(portsWith({ drafter: lying }), settings, "auto", contextWith());

  assert.equal(decision.result.kind === "chosen" && decision.result.candidate.source, "drafter");
  assert.ok(
    decision.facts.every((fact) => !fact.includes(lie)),
    decision.facts.join("; "),
  );
});
