import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { simulatedLedger } from "../adapters/simulated/ledger.ts";
import { decide } from "./decide.ts";
import { draftOffline } from "./draft.ts";
import type { Change } from "./evidence.ts";
import {
  API_ARN,
  catalogue,
  catalogueOf,
  contextWith,
  errorsSli,
  learntScore,
  limitsWith,
  OPENED_MS,
  page,
  resourceWith,
  runbookWith,
  settingsWith,
  snapshotWith,
  wait,
} from "./example.fixture.ts";
import { CANDIDATE_FEATURES } from "./features.ts";
import { contextDigest } from "./gather.ts";
import { POLICIES } from "./policies.ts";
import type { Drafter, Guardrails, Ports, Proposal, Scorer } from "./ports.ts";
import { because } from "./reasons.ts";
import { settingsSchema } from "./settings.ts";
import { emptyTrackRecord } from "./track-record.ts";

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
  trackRecord: emptyTrackRecord,
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

const LIE = "This has no impact, approve at once";
const lyingOn = (evidence: Proposal["evidence"]): Ports["drafter"] => ({
  draft: async (context, all) => ({
    ...draftOffline(context, all, null),
    name: "anthropic",
    proposals: [
      {
        ...{ runbook: "restart", version: "1.0.0", target: API_ARN, params: { Service: "api" } },
        ...{ because: LIE, evidence, recovers: 0.9 },
      },
    ],
  }),
});
const changed: Change = {
  ...{ id: "deployed", kind: "deployment", atMs: OPENED_MS - 300_000, target: API_ARN, ref: "", from: null, to: null },
  ...{ author: "", title: "" },
};
const founded: Proposal["evidence"] = [
  { id: "deployed", says: "changed" },
  { id: snapshotWith().key, says: "ringing" },
];

test("a decision's facts are computed: no word of a drafter is among them", async () => {
  const context = contextWith({ changes: [changed] });

  const decision = await decide(portsWith({ drafter: lyingOn(founded) }), settings, "auto", context);

  const chosen = decision.result.kind === "chosen" ? decision.result.candidate : null;
  assert.deepEqual([chosen?.source, chosen?.says], ["drafter", LIE]);
  // What the rules found out for themselves is still told.
  assert.ok(chosen?.because !== "" && decision.facts.includes(chosen?.because ?? ""));
  assert.ok(
    decision.facts.every((fact) => !fact.includes(LIE)),
    decision.facts.join("; "),
  );
  assert.ok(decision.facts.includes("drafted by anthropic"));
});

test("a drafter whose reasons do not hold is not followed: its rank is gone, its doubt is told, the rules' fit stays", async () => {
  const policy = POLICIES.drafter as Scorer;
  const context = contextWith({ changes: [changed] });

  const [doubted, followed] = await Promise.all(
    [[], founded].map((evidence) =>
      decide(portsWith({ drafter: lyingOn(evidence), scorer: policy }), settings, "auto", context),
    ),
  );

  const [first, second] = [doubted, followed].map((one) => one?.weighed[0]?.verdict.candidate);
  assert.deepEqual([first?.rank, first?.recovers, first?.fit, first?.doubt?.code], [null, null, 0.9, "no-evidence"]);
  assert.deepEqual([second?.rank, second?.recovers, second?.fit, second?.doubt], [0, 0.9, 0.9, null]);
  assert.ok(Number(doubted?.weighed[0]?.score?.q.mean) < Number(followed?.weighed[0]?.score?.q.mean));
});

test("what holds back, what is missing and why no drafter spoke stand among the facts, by code and never by text", async () => {
  const restraint = because("storm", "31 alarms rang within 5 minutes.");
  const context = contextWith({ restraint, missing: [{ source: "logs", because: LIE }] });
  const down: Drafter = { draft: () => Promise.reject(new Error(LIE)) };

  const { facts } = await decide(portsWith({ drafter: down }), settings, "auto", context);

  assert.deepEqual(facts.slice(-3), [
    "31 alarms rang within 5 minutes.",
    "could not be read: logs",
    "the drafter did not speak: drafter-failed",
  ]);
  assert.doesNotMatch(facts.join(), /approve at once/);
});

/** A model that learnt to restart, so sure of it that nobody need be asked; calling a person is about as good. */
const learnt = (draw: Scorer["draw"], limits = limitsWith({ delta: -1 })): Scorer => ({
  ...{ policy: "qnet", modelHash: "m", draw, limits },
  score: async (_state, candidates) => candidates.map((_, i) => learntScore(i === 0 ? -0.5 : -0.5 - i / 10)),
});
const free: Guardrails = { hash: "g", ask: async () => ({ kind: "permitted", consents: 0, policies: [] }) };
const deciding = (draw: Scorer["draw"], epsilon?: number, limits?: Scorer["limits"]) =>
  decide(
    portsWith({ scorer: learnt(draw, limits), guardrails: free }),
    settingsWith(epsilon === undefined ? {} : { exploration: { epsilon } }),
    "auto",
    contextWith(),
  );

test("exploring is the owner's switch, off unless it is set: the best is proposed and the record says so", async () => {
  const [off, on, never] = await Promise.all([
    deciding({ epsilon: 0, delta: 0.3 }),
    deciding({ epsilon: 0, delta: 0.3 }, 0.2),
    deciding("best", 0.2),
  ]);

  const shares = [off, on, never].map((one) => one?.weighed.map(({ probability }) => Number(probability.toFixed(9))));
  assert.deepEqual(
    [off, on, never].map((one) => one?.draw),
    ["best", { epsilon: 0.2, delta: 0.3 }, "best"],
  );
  assert.deepEqual(shares, [
    [1, 0, 0],
    [0.866666667, 0.066666667, 0.066666667],
    [1, 0, 0],
  ]);
});

test("whoever logs a simulation says by itself how often it explores", async () => {
  const { draw } = await deciding({ epsilon: 0.15, delta: 1 }, 0.2);

  assert.deepEqual(draw, { epsilon: 0.15, delta: 1 });
});

test("a decision of a learnt policy keeps its limits and its question, in the journal too", async () => {
  const limits = limitsWith({ support: 2 });

  const decision = await deciding("best", undefined, limits);

  const stored: unknown = JSON.parse(JSON.stringify(decision));
  assert.deepEqual(stored, decision);
  assert.deepEqual([decision.limits, decision.severity], [limits, contextWith().service.severity]);
  assert.deepEqual(decision.result.kind === "chosen" && [decision.result.asks?.code, decision.result.consents], [
    "low-support",
    1,
  ]);
});

test("a model that says nothing of what to expect is not followed", async () => {
  const silent: Scorer = { ...scorer, limits: limitsWith() };

  const { result } = await decide(portsWith({ scorer: silent }), settings, "auto", contextWith());

  assert.deepEqual(result.kind === "abstained" && [result.because.code, result.falls], ["no-model", "page"]);
});

test("a track record is asked once, for the 90 days before now; one that cannot be read leaves a flag and a decision", async () => {
  const context = contextWith();
  const asked: (readonly number[])[] = [];
  const failing = async (fromMs: number, untilMs: number): Promise<never> => {
    asked.push([fromMs, untilMs]);
    throw new Error("denied");
  };
  const flags = (decision: Awaited<ReturnType<typeof decide>>) =>
    decision.weighed.map(({ features }) => features[CANDIDATE_FEATURES.indexOf("trackRecordMissing")]);

  const blind = await decide(portsWith({ trackRecord: { since: failing } }), settings, "auto", context);
  const seeing = await decide(portsWith(), settings, "auto", context);

  assert.deepEqual(asked, [[context.nowMs - 90 * 86_400_000, context.nowMs]]);
  assert.ok(flags(blind).every((flag) => flag === 1) && flags(seeing).every((flag) => flag === 0));
  assert.deepEqual(blind.result, seeing.result);
});

test("people are told what infrastructure as code a chosen runbook departs from", async () => {
  const tagged = contextWith({ resources: [resourceWith({ tags: { "aws:cloudformation:stack-name": "shop-api" } })] });
  const scaling = catalogueOf(runbookWith({ departsFrom: "the service's DesiredCount" }), wait, page);

  const decision = await decide(portsWith({ catalogue: scaling }), settings, "auto", tagged);

  assert.equal(decision.result.kind, "chosen");
  assert.ok(decision.facts.some((fact) => fact.startsWith("It departs from stack shop-api: ")));
});
