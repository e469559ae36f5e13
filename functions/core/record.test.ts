import assert from "node:assert/strict";
import { test } from "node:test";
import {
  API_ARN,
  alarmWith,
  allow,
  candidateWith,
  catalogue,
  chapterWith,
  decisionFor,
  deedWith,
  incidentWith,
  learntScore,
  limitsWith,
  MINUTE_MS,
  OPENED_MS,
  PAGE,
  planOf,
  refuse,
  shareOf,
  WAIT,
} from "./example.fixture.ts";
import type { Effect } from "./execute.ts";
import { FEATURES_HASH } from "./features.ts";
import type { Ports } from "./ports.ts";
import { promptHash } from "./prompt.ts";
import { because } from "./reasons.ts";
import { decisionRecord, incidentRecord } from "./record.ts";
import { pastOf } from "./track-record.ts";

const ports: Pick<Ports, "guardrails" | "catalogue" | "scorer" | "codeHash"> = {
  guardrails: { hash: "g", ask: () => Promise.reject(new Error("not asked")) },
  catalogue,
  scorer: { policy: "rules", modelHash: "m", draw: "best", score: async () => [] },
  codeHash: "c",
};
const effect: Effect = {
  ...{ key: "k", role: "run", attempt: 1, step: 0, runbook: "restart", target: API_ARN, root: "r", planHash: "p" },
  ...{ fence: 1, atMs: OPENED_MS, executionId: "e", dryRun: false },
};
const refusal = { kind: "rejected", by: "ana", atMs: OPENED_MS, note: "no" } as const;

const acted = chapterWith({ consent: { by: "people", people: ["ana"], atMs: OPENED_MS }, exit: "succeeded" });
const turnedDown = chapterWith({ refusal, outcome: { kind: "refused-by-people", afterSeconds: 5, refusal } });
const abstained = {
  decision: decisionFor([
    [refuse(candidateWith(), "breaker-open"), 9],
    [allow(WAIT), 0.3],
    [allow(PAGE), 0.5],
  ]),
  deed: deedWith({ outcome: { kind: "paged", afterSeconds: 0 } }),
};
const waited = {
  decision: decisionFor([
    [allow(WAIT), 0.6],
    [allow(PAGE), 0.5],
  ]),
  deed: deedWith(),
};
const CHAPTERS = { acted, turnedDown, abstained, waited };

const record = incidentRecord(
  ports,
  incidentWith(),
  { terminal: "ESCALATED", because: because("paged", "a person is asked"), atMs: OPENED_MS + MINUTE_MS },
  Object.values(CHAPTERS),
  [effect],
);

/** The shape of a value: the sorted keys of every object in it, arrays by their elements. */
const keysOf = (value: unknown): readonly string[] => Object.keys(value as object).sort();
const sorted = (text: string): readonly string[] => text.split(" ").sort();

test("the record has every key of its contract, null where it has no value", () => {
  const { decisions } = record;

  assert.deepEqual(keysOf(record), sorted("schema incident terminal because hashes effects decisions"));
  assert.deepEqual(
    keysOf(record.incident),
    sorted("id key alarmName account region service environment severity openedAt closedAt"),
  );
  assert.deepEqual(keysOf(record.hashes), sorted("model guardrails catalogue features prompt code"));
  assert.deepEqual(keysOf(record.because), sorted("code detail"));
  assert.deepEqual(keysOf(record.effects[0]), sorted("key step runbook target at dryRun"));
  for (const one of decisions) {
    assert.deepEqual(
      keysOf(one),
      sorted(
        "step decidedAt mode policy severity draw limits context drafter candidates choice runnerUp abstention plan " +
          "consent refusal outcome",
      ),
    );
    assert.deepEqual(keysOf(one.context), sorted("digest redactions missing cut flaps restraint"));
    assert.deepEqual(
      keysOf(one.drafter),
      sorted("name because model modelBecause inputTokens outputTokens usd hypotheses"),
    );
    assert.deepEqual(keysOf(one.outcome), sorted("kind afterSeconds"));
  }
});

test("every candidate has every key of its contract, and its target, which the plan may not have", () => {
  const candidates = record.decisions.flatMap((one) => one.candidates);

  assert.equal(candidates.length, 11);
  for (const candidate of candidates)
    assert.deepEqual(
      keysOf(candidate),
      sorted(
        "runbook version target params source verdict because doubt tier consents features q probability kind " +
          "expectedMinutes outlook overPage upliftOverWait similarRuns",
      ),
    );
  assert.ok(candidates.every(({ q }) => q === null || keysOf(q).join() === "mean,sd"));
});

test("a record is JSON: nothing is lost when it is written", () => {
  const written: unknown = JSON.parse(JSON.stringify(record));

  assert.deepEqual(written, record);
});

test("exactly one of choice and abstention is there, and the choice points at the candidate that was chosen", () => {
  const decisions = record.decisions;

  assert.ok(decisions.every(({ choice, abstention }) => (choice === null) !== (abstention === null)));
  assert.deepEqual(
    decisions.map(({ choice, candidates }) => (choice === null ? null : candidates[choice.candidate]?.runbook)),
    ["restart", "restart", null, "wait"],
  );
  assert.equal(decisions[2]?.abstention?.because.code, "all-refused");
});

test("the probabilities of every decision sum to 1, and what was refused has none", () => {
  const decisions = record.decisions;

  for (const { candidates } of decisions) {
    const sum = candidates.reduce((total, { probability }) => total + probability, 0);
    assert.ok(Math.abs(sum - 1) <= 1e-9);
    assert.ok(candidates.every(({ verdict, probability }) => verdict === "allowed" || probability === 0));
  }
});

test("a refused candidate is told with its reason and without consents, an allowed one the other way round", () => {
  const [refused, allowed] = record.decisions[2]?.candidates ?? [];

  assert.deepEqual(
    [refused?.verdict, refused?.because, refused?.consents],
    ["refused", because("breaker-open", "it is refused"), null],
  );
  assert.deepEqual([allowed?.verdict, allowed?.because, allowed?.consents], ["allowed", null, 0]);
});

test("a candidate that was doubted is told with its doubt, whatever the guard says of it", () => {
  const doubt = because("no-evidence", "It cites no evidence.");
  const decision = decisionFor([
    [allow(candidateWith({ source: "drafter", doubt })), 0.1],
    [refuse(candidateWith({ source: "drafter", doubt }), "cooldown"), 0.1],
    [allow(PAGE), 0.5],
  ]);

  const { candidates } = decisionRecord(catalogue, { decision, deed: deedWith() });

  assert.deepEqual(
    candidates.map((one) => one.doubt),
    [doubt, doubt, null],
  );
});

test("a candidate that choose excluded is told as such, with its reason", () => {
  const [first, ...others] = acted.decision.weighed;
  assert.ok(first !== undefined);
  const excluded = { ...first, excluded: because("harm-limit", "too likely to harm") };

  const told = decisionRecord(catalogue, { ...acted, decision: { ...acted.decision, weighed: [excluded, ...others] } });

  assert.deepEqual(
    [told.candidates[0]?.verdict, told.candidates[0]?.because],
    ["excluded", because("harm-limit", "too likely to harm")],
  );
});

test("a record of a learnt policy shows what was expected of each candidate, on what terms, and why a person is asked", () => {
  const limits = limitsWith({ support: 0.5 });
  const scores = [learntScore(-0.5, { recovers: shareOf(0.6), support: 0.4 }), learntScore(-0.9), learntScore(-1)];
  const verdicts = [allow(candidateWith()), allow(WAIT), allow(PAGE)];
  const priced = verdicts.map((verdict, i) => [verdict, scores[i] ?? 0] as const);
  const decision = decisionFor(priced, { limits }, pastOf([]));

  const told = decisionRecord(catalogue, { decision, deed: deedWith() });

  const [effect, wait, page] = told.candidates;
  assert.deepEqual([told.severity, told.draw, told.limits], [2, "best", limits]);
  assert.deepEqual([told.choice?.candidate, told.choice?.asks?.code], [0, "low-support"]);
  assert.deepEqual(told.runnerUp, { candidate: 1, lost: "lower by 0.40" });
  assert.deepEqual(
    told.candidates.map(({ kind, outlook }) => [kind, outlook]),
    ["effect", "wait", "page"].map((kind, i) => [kind, scores[i]?.outlook]),
  );
  assert.deepEqual([effect?.expectedMinutes, effect?.similarRuns], [5, { runs: 0, helped: 0 }]);
  assert.equal(effect?.upliftOverWait?.mean.toFixed(9), "0.100000000");
  assert.equal(effect?.overPage?.mean, 0.5);
  assert.deepEqual([wait?.upliftOverWait, wait?.similarRuns, page?.overPage], [null, null, null]);
  assert.deepEqual(JSON.parse(JSON.stringify(told)), told);
});

test("a record of a policy that learnt nothing says so by null, and asks for no reason of its own", () => {
  const told = decisionRecord(catalogue, acted);

  assert.deepEqual([told.limits, told.choice], [null, { candidate: 0, asks: null }]);
  assert.ok(told.candidates.every(({ outlook, overPage }) => outlook === null && overPage === null));
  assert.deepEqual(told.runnerUp, { candidate: 2, lost: "lower value" });
});

test("plan, consent and refusal are told as they were, with times in UTC", () => {
  const [first, second, third] = record.decisions;
  const plan = planOf(acted.decision);

  assert.deepEqual(first?.plan, {
    hash: plan.hash,
    target: API_ARN,
    params: { Service: "api" },
    expiresAt: new Date(plan.expiresAtMs).toISOString(),
    drift: null,
  });
  assert.deepEqual(first?.consent, { by: "people", people: ["ana"], at: "2026-01-05T10:00:00.000Z" });
  assert.deepEqual(second?.refusal, { kind: "rejected", by: "ana", at: "2026-01-05T10:00:00.000Z" });
  assert.deepEqual([third?.plan, third?.consent, third?.refusal], [null, null, null]);
});

test("the head of a record names the incident, how it ended and on what it rested", () => {
  assert.deepEqual(record.incident, {
    ...{ id: "quell-test", key: alarmWith().key, alarmName: "api-5xx", account: "123456789012", region: "eu-west-1" },
    ...{ service: "api", environment: "production", severity: 2 },
    ...{ openedAt: "2026-01-05T10:00:00.000Z", closedAt: "2026-01-05T10:01:00.000Z" },
  });
  assert.deepEqual([record.schema, record.terminal], [1, "ESCALATED"]);
  assert.deepEqual(record.hashes, {
    ...{ model: "m", guardrails: "g", catalogue: catalogue.hash, features: FEATURES_HASH },
    ...{ prompt: promptHash(catalogue), code: "c" },
  });
  assert.deepEqual(record.effects, [
    { key: "k", step: 0, runbook: "restart", target: API_ARN, at: "2026-01-05T10:00:00.000Z", dryRun: false },
  ]);
});
