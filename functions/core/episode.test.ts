import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Deed } from "./act.ts";
import type { Chapter } from "./chapter.ts";
import { keyOf } from "./choose.ts";
import type { Decision } from "./decide.ts";
import { type EpisodeRow, episodeRow, type Measured } from "./episode.ts";
import {
  allow,
  candidateWith,
  catalogue,
  contextWith,
  decisionFor,
  deedWith,
  incidentWith,
  learntScore,
  limitsWith,
  MINUTE_MS,
  PAGE,
  refuse,
  WAIT,
} from "./example.fixture.ts";
import { CANDIDATE_FEATURES, encodeCandidate, encodeState, FEATURES_HASH, STATE_FEATURES } from "./features.ts";
import type { Ports } from "./ports.ts";
import { because } from "./reasons.ts";
import type { Outcome, Refusal, Verdict, Weighed } from "./stages.ts";

const ports: Pick<Ports, "guardrails" | "catalogue"> = {
  guardrails: { hash: "g", ask: () => Promise.reject(new Error("not asked")) },
  catalogue,
};
const measured: Measured = { impact: [0.5, 0.5], handover: [], end: "none", recoveredByHand: false };
const rowOf = (chapter: Chapter, changes: Partial<Measured> = {}): EpisodeRow =>
  episodeRow(ports, incidentWith(), chapter, { ...measured, ...changes });

const refusal = (kind: Refusal["kind"]): Refusal => ({ kind, by: null, atMs: 0, note: "because" });
const OUTCOMES: readonly Outcome[] = [
  { kind: "recovered", by: "action", afterSeconds: 1 },
  { kind: "recovered", by: "self", afterSeconds: 1 },
  { kind: "not-recovered", afterSeconds: 1 },
  { kind: "rolled-back", afterSeconds: 1, worse: false },
  { kind: "rolled-back", afterSeconds: 1, worse: true },
  { kind: "undo-failed", afterSeconds: 1, step: null },
  { kind: "unknown", afterSeconds: 1, detail: "" },
  { kind: "not-run", afterSeconds: 1, because: because("cooldown", "") },
  { kind: "refused-by-people", afterSeconds: 1, refusal: refusal("rejected") },
  { kind: "paged", afterSeconds: 0 },
  { kind: "observed", afterSeconds: 1 },
];

const deed: fc.Arbitrary<Deed> = fc
  .record({
    outcome: fc.constantFrom(...OUTCOMES),
    exit: fc.constantFrom(null, "succeeded", "failed", "stopped", "timed-out", "unknown"),
    undone: fc.boolean(),
    refusal: fc.option(fc.constantFrom("rejected", "expired", "withdrawn").map(refusal)),
  })
  .map(deedWith);

const q = fc.double({ min: -10, max: 10, noNaN: true });
const someEffects = fc.array(fc.tuple(fc.boolean(), fc.constantFrom(0, 1, 2, 3), q), { maxLength: 5 });
const chapter: fc.Arbitrary<Chapter> = fc.tuple(someEffects, q, q, deed).map(([effects, w, p, one]) => {
  const verdicts = effects.map(([allowed, tier, mean], n): readonly [Verdict, number] => {
    const candidate = candidateWith({ params: { Service: `${n}` } });
    return [allowed ? allow(candidate, { tier }) : refuse(candidate), mean];
  });
  return { decision: decisionFor([...verdicts, [allow(WAIT), w], [allow(PAGE), p]]), deed: one };
});
const minutes = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 30 });
const times: fc.Arbitrary<Measured> = fc.record({
  impact: minutes,
  handover: minutes,
  end: fc.constantFrom("none", "recovered", "handed_over", "false_alarm", "open"),
  recoveredByHand: fc.boolean(),
});

test("the vectors that are logged are those that were scored, row-major, in the candidates' order", () => {
  fc.assert(
    fc.property(chapter, (one) => {
      const row = rowOf(one);

      const { weighed } = one.decision;
      const context = contextWith();
      assert.deepEqual(row.state, encodeState(context));
      assert.deepEqual(
        row.candidates,
        weighed.flatMap(({ verdict }) => encodeCandidate(context, verdict.candidate, catalogue)),
      );
      assert.equal(row.state.length, STATE_FEATURES.length);
      assert.equal(row.candidates.length, weighed.length * CANDIDATE_FEATURES.length);
    }),
  );
});

test("every list of a row has one element a candidate", () => {
  fc.assert(
    fc.property(chapter, (one) => {
      const row = rowOf(one);

      const lists = [
        ...[row.candidate_key, row.runbook_id, row.drafted_by, row.tier, row.consents, row.allowed],
        ...[row.refused_because, row.probability ?? [], row.tie_set, row.q ?? []],
      ];
      assert.ok(lists.every((list) => list.length === one.decision.weighed.length));
      assert.deepEqual(row.candidate_key, one.decision.weighed.map(keyOf));
    }),
  );
});

test("no cost and no time of a row is negative, and all are finite, whatever happened", () => {
  fc.assert(
    fc.property(chapter, times, (one, spent) => {
      const row = rowOf(one, spent);

      const costs = [
        ...[row.elapsed_minutes, row.impact_minutes, row.impact_discounted, row.handover_impact],
        ...[row.cost_action, row.cost_harm, row.cost_recurrence],
      ];
      assert.ok(
        costs.every((cost) => Number.isFinite(cost) && cost >= 0),
        JSON.stringify(costs),
      );
      assert.ok(row.impact_discounted <= row.impact_minutes / 60 + 1e-12);
    }),
  );
});

test("probabilities sum to 1 and are 0 where refused; the proposal is a candidate that was allowed", () => {
  fc.assert(
    fc.property(chapter, (one) => {
      const row = rowOf(one);

      const sum = (row.probability ?? []).reduce((total, value) => total + value, 0);
      assert.ok(Math.abs(sum - 1) <= 1e-9);
      assert.ok(row.allowed.every((allowed, i) => allowed || row.probability?.[i] === 0));
      assert.equal(row.probability?.[row.proposed], 1);
      assert.ok(row.allowed.every((allowed, i) => allowed === (row.refused_because[i] === "")));
    }),
  );
});

test("what is executed is what ran, or the candidate that stands for what happened instead", () => {
  fc.assert(
    fc.property(chapter, (one) => {
      const { result } = one.decision;

      const row = rowOf(one);

      const effect = result.kind === "chosen" && result.plan !== null;
      const instead = result.kind === "abstained" ? result.falls : "wait";
      const expected =
        result.kind === "chosen" && (!effect || one.deed.exit !== null) ? result.candidate.runbook : instead;
      assert.equal(row.executed_runbook, expected);
      assert.equal(row.runbook_id[row.executed], expected);
    }),
  );
});

const effectDecision = decisionFor([
  [allow(candidateWith(), { tier: 2, consents: 1 }), 0.9],
  [allow(WAIT), 0.3],
  [allow(PAGE), 0.5],
]);
const tied = (one: Weighed, index: number): Weighed => ({ ...one, probability: [0, 0.9, 0.1][index] ?? 0 });
const acted = (changes: Partial<Deed>): Chapter => ({ decision: effectDecision, deed: deedWith(changes) });

test("an effect that ran and was taken back is a row with its tier's price, its harm and its exit", () => {
  const row = rowOf(
    acted({ exit: "succeeded", undone: true, outcome: { kind: "rolled-back", afterSeconds: 9, worse: false } }),
  );

  assert.deepEqual(
    {
      ...{ executed: row.executed, executed_runbook: row.executed_runbook, exit_status: row.exit_status },
      ...{ undone: row.undone, cost_action: row.cost_action, cost_harm: row.cost_harm, harm: row.harm },
      ...{ recovered: row.recovered, recovered_by: row.recovered_by },
    },
    {
      ...{ executed: 0, executed_runbook: "restart", exit_status: "succeeded", undone: true },
      ...{ cost_action: 0.1, cost_harm: 1, harm: "suspected", recovered: false, recovered_by: "" },
    },
  );
});

test("an effect that people turned down is a row in which waiting was executed", () => {
  const row = rowOf(
    acted({
      refusal: refusal("rejected"),
      outcome: { kind: "refused-by-people", afterSeconds: 9, refusal: refusal("rejected") },
    }),
  );

  assert.deepEqual(
    [row.proposed, row.executed, row.executed_runbook, row.exit_status, row.cost_action, row.human_reason],
    [0, 1, "wait", "none", 0, "because"],
  );
});

test("what people said is told in the words of the learner", () => {
  const said = [
    acted({}),
    acted({ consent: { by: "policy", people: [], atMs: 0 } }),
    acted({ consent: { by: "people", people: ["ana"], atMs: 0 } }),
    ...(["rejected", "expired", "withdrawn"] as const).map((kind) => acted({ refusal: refusal(kind) })),
  ];

  const responses = said.map((one) => rowOf(one).human_response);

  assert.deepEqual(responses, ["none", "none", "approved", "rejected", "expired", "already_recovered"]);
});

test("an abstention is a row that proposes and executes what happened instead, with its code", () => {
  const decision = decisionFor([
    [refuse(candidateWith(), "breaker-open"), 9],
    [allow(WAIT), 0.3],
    [allow(PAGE), 0.5],
  ]);

  const row = rowOf({ decision, deed: deedWith({ outcome: { kind: "paged", afterSeconds: 0 } }) });

  assert.deepEqual(
    [row.abstained_because, row.proposed, row.executed, row.executed_runbook, row.cost_action],
    ["all-refused", 2, 2, "page", 0.25],
  );
});

test("who made it recover is told from the outcome first, then from how the incident ended", () => {
  const cases = [
    [{ kind: "recovered", by: "action", afterSeconds: 1 }, { end: "recovered" }, "action"],
    [{ kind: "recovered", by: "self", afterSeconds: 1 }, { end: "recovered" }, "self"],
    [{ kind: "paged", afterSeconds: 1 }, { end: "recovered", recoveredByHand: true }, "human"],
    [{ kind: "not-recovered", afterSeconds: 1 }, { end: "recovered", recoveredByHand: false }, "self"],
    [{ kind: "not-recovered", afterSeconds: 1 }, { end: "none" }, ""],
  ] as const;

  const told = cases.map(([outcome, end]) => rowOf(acted({ outcome }), end).recovered_by);

  assert.deepEqual(
    told,
    cases.map(([, , by]) => by),
  );
});

test("what people repaired after a hand-over was repaired by them", () => {
  const row = rowOf(acted({ outcome: { kind: "paged", afterSeconds: 0 } }), {
    ...{ end: "handed_over", recoveredByHand: true, handover: [1, 1] },
  });

  assert.equal(row.recovered_by, "human");
});

test("who decides is told by mode and consents: shadow, ask or auto", () => {
  const alone = decisionFor([[allow(candidateWith()), 0.9]]);
  const decisions = [{ ...effectDecision, mode: "observe" as const }, effectDecision, alone];

  const stages = decisions.map((decision) => rowOf({ decision, deed: deedWith() }).stage);

  assert.deepEqual(stages, ["shadow", "ask", "auto"]);
});

test("of people on call there is the scene and what they did, and nothing that a policy proposed", () => {
  fc.assert(
    fc.property(chapter, times, (one, spent) => {
      const drawn = rowOf(one, spent);

      const row = episodeRow(ports, incidentWith(), one, { ...measured, ...spent }, { source: "oncall" });

      const nobodys = { probability: null, q: null, epsilon: 0, seed: "", abstained_because: "", stage: "" as const };
      const unasked = { human_response: "none" as const, human_reason: "" };
      const tie_set = drawn.tie_set.map(() => false);
      assert.deepEqual(row, { ...drawn, ...nobodys, ...unasked, tie_set, source: "oncall", proposed: -1 });
    }),
  );
});

test("a row of a policy that explores carries its epsilon, its tie set and the probability of each", () => {
  const draw = { epsilon: 0.2, delta: 1 };
  const decision: Decision = { ...effectDecision, draw, weighed: effectDecision.weighed.map(tied) };

  const row = rowOf({ decision, deed: deedWith() });

  assert.deepEqual([row.epsilon, row.tie_set, row.probability], [0.2, [false, true, true], [0, 0.9, 0.1]]);
});

const learntDecision = (draw: Decision["draw"]): Decision =>
  decisionFor(
    [
      [allow(candidateWith()), learntScore(-0.5, { members: [-0.5, -0.7] })],
      [refuse(candidateWith()), learntScore(0, { members: [0, -0.25] })],
      [allow(candidateWith({ params: { Service: "b" } }), { tier: 2 }), learntScore(-0.6, { members: [-0.6, -0.6] })],
      [allow(WAIT), learntScore(-0.7, { members: [-0.75, -0.9] })],
      [allow(PAGE), learntScore(-1, { members: [-1, -1.25] })],
    ],
    { draw, limits: limitsWith() },
  );

test("a row of a learnt policy carries its members' ranks, all candidates of one member and then of the next", () => {
  const row = rowOf({ decision: learntDecision("best"), deed: deedWith() });

  assert.deepEqual(row.q, [-0.5, 0, -0.6, -0.75, -1, -0.7, -0.25, -0.6, -0.9, -1.25]);
});

test("a row of a learnt policy that explores marks what a proposal was drawn from, and by how much", () => {
  const decision = learntDecision({ epsilon: 0.2, delta: 0.3 });

  const row = rowOf({ decision, deed: deedWith() });

  assert.deepEqual([row.tie_set, row.epsilon], [[true, false, false, true, false], 0.2]);
  assert.deepEqual(row.probability, [0.9, 0, 0, 0.1, 0]);
  assert.deepEqual(
    row.tie_set,
    decision.weighed.map(({ probability }) => probability > 0),
  );
});

test("where members are missing of somebody there is one value a candidate, and none where a candidate has none", () => {
  const { weighed, ...decision } = learntDecision("best");
  const plain = (one: Weighed): Weighed => (one.score === null ? one : { ...one, score: { q: one.score.q } });
  const lists = [
    weighed.map((one, i) => (i === 1 ? plain(one) : one)),
    weighed.map((one, i) => (i === 1 ? { ...one, score: learntScore(0) } : one)),
    weighed.map((one, i) => (i === 1 ? { ...one, score: null } : one)),
  ];

  const ranks = lists.map((some) => rowOf({ decision: { ...decision, weighed: some }, deed: deedWith() }).q?.length);

  assert.deepEqual(ranks, [5, 5, undefined]);
});

test("a row names its decision, its hashes and its first version, and costs run from the decision to its end", () => {
  const row = rowOf(acted({ endedAtMs: effectDecision.decidedAtMs + 7 * MINUTE_MS }));

  assert.deepEqual(
    [row.schema_version, row.row_version, row.decision_id, row.incident_id, row.step, row.decided_at],
    [1, 0, "quell-test/0", "quell-test", 0, effectDecision.decidedAtMs],
  );
  assert.deepEqual(
    [row.features_hash, row.catalogue_hash, row.guardrails_hash, row.elapsed_minutes, row.impact_minutes],
    [FEATURES_HASH, catalogue.hash, "g", 7, 1],
  );
});

const COLUMNS =
  "schema_version row_version decision_id incident_id cluster_id step decided_at source service environment severity " +
  "features_hash catalogue_hash guardrails_hash model_hash world_hash state candidates candidate_key runbook_id " +
  "drafted_by drafter tier consents allowed refused_because stage canary_arm arm_probability proposed probability " +
  "tie_set epsilon seed abstained_because q human_response human_reason executed executed_runbook exit_status undone " +
  "elapsed_minutes impact_minutes impact_discounted cost_action cost_harm cost_recurrence handover_impact harm " +
  "recovered recovered_by end reopened_24h matured_at";

test("a row has exactly the columns of its contract, none of them undefined", () => {
  fc.assert(
    fc.property(chapter, times, (one, spent) => {
      const row = rowOf(one, spent);

      assert.deepEqual(Object.keys(row).sort(), COLUMNS.split(" ").sort());
      assert.ok(Object.values(row).every((value) => value !== undefined));
    }),
  );
});
