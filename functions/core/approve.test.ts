import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { judge, questionId, questionOf, withdrawn } from "./approve.ts";
import { chapterWith, planOf, questionWith } from "./example.fixture.ts";
import { hashOf } from "./ids.ts";
import type { Vote } from "./stages.ts";

const { plan } = questionWith();
const ASKED_MS = plan.madeAtMs;
const LATER_MS = ASKED_MS + 60_000;

const voteWith = (changes: Partial<Vote> = {}): Vote => ({
  person: "ana",
  group: "sre",
  answer: "approve",
  planHash: plan.hash,
  reason: "looks right",
  atMs: ASKED_MS + 1000,
  ...changes,
});
const ana = voteWith();
const ben = voteWith({ person: "ben", atMs: ASKED_MS + 2000 });
const cleo = voteWith({ person: "cleo", group: "dba", atMs: ASKED_MS + 3000 });
const no = (vote: Vote): Vote => ({ ...vote, answer: "reject", reason: "not now" });

const CASES: readonly (readonly [name: string, consents: 1 | 2, votes: readonly Vote[], kind: string])[] = [
  ["nobody answered yet", 1, [], "waiting"],
  ["one person approves and one is needed", 1, [ana], "consented"],
  ["one person approves and two are needed", 2, [ana], "waiting"],
  ["two people of one group approve and two are needed", 2, [ana, ben], "waiting"],
  ["two people of two groups approve and two are needed", 2, [ana, cleo], "consented"],
  ["a third person brings the second group", 2, [ana, ben, cleo], "consented"],
  ["one person approves twice and two are needed", 2, [ana, { ...ana, atMs: ana.atMs + 1 }], "waiting"],
  ["one person approves for two groups", 2, [ana, { ...ana, group: "dba", atMs: ana.atMs + 1 }], "waiting"],
  ["the vote is for another plan", 1, [voteWith({ planHash: hashOf("other") })], "waiting"],
  ["a rejection is for another plan", 1, [no(voteWith({ planHash: hashOf("other") }))], "waiting"],
  ["the vote came after the expiry", 1, [voteWith({ atMs: plan.expiresAtMs + 1 })], "waiting"],
  ["a rejection came after the expiry", 1, [no(voteWith({ atMs: plan.expiresAtMs + 1 }))], "waiting"],
  ["one person rejects", 1, [no(ana)], "refused"],
  ["one rejects after another approved", 2, [ana, no(ben)], "refused"],
  ["one rejects though two others approve", 2, [ana, cleo, no(ben)], "refused"],
  [
    "a person who approved wants to reject: the first answer counts",
    1,
    [ana, no({ ...ana, atMs: LATER_MS })],
    "consented",
  ],
  [
    "a person who rejected wants to approve: the first answer counts",
    1,
    [no(ana), { ...ana, atMs: LATER_MS }],
    "refused",
  ],
];

for (const [name, consents, votes, kind] of CASES)
  test(`it is ${kind} when ${name}`, () => {
    const judgement = judge(questionWith({ consents }), votes, LATER_MS);

    assert.equal(judgement.kind, kind);
  });

const vote = (times: fc.Arbitrary<number>): fc.Arbitrary<Vote> =>
  fc.record({
    person: fc.constantFrom("ana", "ben", "cleo", "dan"),
    group: fc.constantFrom("sre", "dba"),
    answer: fc.constantFrom("approve", "reject"),
    planHash: fc.oneof({ weight: 5, arbitrary: fc.constant(plan.hash) }, { weight: 1, arbitrary: fc.constant("x") }),
    reason: fc.constant(""),
    atMs: times,
  });
const anyTime = fc.integer({ min: ASKED_MS, max: plan.expiresAtMs + 60_000 });
const anyVotes = fc.array(vote(anyTime), { maxLength: 8 });
const needed = fc.constantFrom(1, 2);

test("a consent always rests on enough people of enough groups, who all answered in time, to this plan, and approved", () => {
  fc.assert(
    fc.property(anyVotes, needed, (votes, consents) => {
      const judgement = judge(questionWith({ consents }), votes, LATER_MS);

      const people = judgement.kind === "consented" ? judgement.consent.people : null;
      const behind = votes.filter(
        ({ person, planHash, atMs, answer }) =>
          people?.includes(person) && planHash === plan.hash && atMs <= plan.expiresAtMs && answer === "approve",
      );
      assert.ok(people === null || new Set(people).size === people.length);
      assert.ok(people === null || people.every((one) => behind.some(({ person }) => person === one)));
      assert.ok(people === null || people.length >= consents);
      assert.ok(people === null || new Set(behind.map(({ group }) => group)).size >= consents);
    }),
    { numRuns: 2000 },
  );
});

test("the order in which votes arrive changes nothing", () => {
  const distinct = fc.uniqueArray(vote(anyTime), { selector: ({ atMs }) => atMs, maxLength: 8 });
  fc.assert(
    fc.property(
      distinct.chain((votes) => fc.tuple(fc.constant(votes), fc.shuffledSubarray(votes, { minLength: votes.length }))),
      needed,
      ([votes, arrived], consents) => {
        const judgements = [votes, arrived].map((one) => judge(questionWith({ consents }), one, LATER_MS));

        assert.deepEqual(judgements[1], judgements[0]);
      },
    ),
    { numRuns: 1000 },
  );
});

test("votes of the same millisecond come to the same, in whatever order they arrive", () => {
  const crowded = fc.array(vote(fc.constant(ASKED_MS + 1)), { maxLength: 6 });
  fc.assert(
    fc.property(
      crowded.chain((votes) => fc.tuple(fc.constant(votes), fc.shuffledSubarray(votes, { minLength: votes.length }))),
      needed,
      ([votes, arrived], consents) => {
        const judgements = [votes, arrived].map((one) => judge(questionWith({ consents }), one, LATER_MS));

        assert.equal(judgements[1]?.kind, judgements[0]?.kind);
      },
    ),
    { numRuns: 1000 },
  );
});

test("a vote that is delivered twice counts once", () => {
  fc.assert(
    fc.property(anyVotes, needed, (votes, consents) => {
      const judgements = [votes, [...votes, ...votes]].map((one) => judge(questionWith({ consents }), one, LATER_MS));

      assert.deepEqual(judgements[1], judgements[0]);
    }),
  );
});

test("votes for another plan, and votes after the expiry, are as if they were not there", () => {
  fc.assert(
    fc.property(anyVotes, needed, (votes, consents) => {
      const counting = votes.filter((one) => one.planHash === plan.hash && one.atMs <= plan.expiresAtMs);

      const judgements = [votes, counting].map((one) => judge(questionWith({ consents }), one, LATER_MS));

      assert.deepEqual(judgements[1], judgements[0]);
    }),
  );
});

test("where no consent is needed, policy consents at once and no vote changes that", () => {
  fc.assert(
    fc.property(anyVotes, (votes) => {
      const judgement = judge(questionWith({ consents: 0, tier: 0, step: 3 }), votes, LATER_MS);

      assert.deepEqual(judgement, {
        kind: "consented",
        consent: { by: "policy", people: [], atMs: plan.madeAtMs, plan, step: 3, tier: 0 },
      });
    }),
  );
});

test("a question expires at the plan's own time, and not while enough people had answered before it", () => {
  const times = [plan.expiresAtMs - 1, plan.expiresAtMs];

  const unanswered = times.map((nowMs) => judge(questionWith(), [], nowMs).kind);
  const late = judge(questionWith(), [voteWith({ atMs: plan.expiresAtMs })], plan.expiresAtMs + 60_000);

  assert.deepEqual(unanswered, ["waiting", "refused"]);
  assert.equal(late.kind, "consented");
});

test("what a person wrote with a rejection is kept, and who wrote it", () => {
  const judgement = judge(questionWith(), [no(ana)], LATER_MS);

  assert.deepEqual(judgement, {
    kind: "refused",
    refusal: { kind: "rejected", by: "ana", atMs: ana.atMs, note: "not now" },
  });
});

test("an expiry is nobody's word", () => {
  const judgement = judge(questionWith(), [], plan.expiresAtMs);

  assert.equal(judgement.kind === "refused" && judgement.refusal.kind, "expired");
  assert.equal(judgement.kind === "refused" && judgement.refusal.by, null);
});

test("a choice asks about its own plan, and one that changes nothing asks nobody", () => {
  const { decision } = chapterWith();
  assert.ok(decision.result.kind === "chosen");

  const questions = [
    questionOf("quell-test", 2, decision.result),
    questionOf("quell-test", 2, { ...decision.result, plan: null }),
  ];

  assert.deepEqual(questions, [
    { incidentId: "quell-test", step: 2, plan: planOf(decision), tier: 0, consents: 0 },
    null,
  ]);
  assert.equal(questionId(questionWith({ step: 2 })), "quell-test/2");
});

test("a question that is withdrawn is nobody's rejection", () => {
  const refusal = withdrawn(LATER_MS);

  assert.deepEqual(
    { kind: refusal.kind, by: refusal.by, atMs: refusal.atMs },
    { kind: "withdrawn", by: null, atMs: LATER_MS },
  );
});
