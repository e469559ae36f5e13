import assert from "node:assert/strict";
import { test } from "node:test";
import type { Card, Consents } from "../../core/stages.ts";
import { answersAfterSeconds, opinionOf } from "../../world/people/opinion.ts";
import { placeIn, quarrelling, quarrelScenario } from "../../world/people/quarrel.fixture.ts";
import { onCallOf, ownerOf } from "../../world/people/rota.ts";
import { advance, fork } from "../../world/world.ts";
import { simulatedApprovals } from "./approvals.ts";
import { simulatedClock } from "./clock.ts";
import { simulatedLedger } from "./ledger.ts";
import { onCallPeople } from "./on-call.ts";

const INDICES = Array.from({ length: 60 }, (_, index) => index);

const worldAt = (index: number) => quarrelling(quarrelScenario(index, { confounding: "none" }));
type QuarrelWorld = ReturnType<typeof worldAt>;

const cardFor = (world: QuarrelWorld, runbook: string, consentsNeeded: Consents = 1): Card => {
  const arn = placeIn(world);
  return {
    ...{ incidentId: "quell-one", decisionId: "quell-one/0", title: runbook, effect: "", tier: 1, consentsNeeded },
    plan: {
      ...{ hash: "a".repeat(64), runbook, version: "1.0.0", documentHash: "b".repeat(64), undoHash: null, target: arn },
      ...{ params: {}, madeAtMs: world.nowMs, expiresAtMs: world.nowMs + 1_800_000 },
    },
    target: {
      ...{ arn, type: "AWS::ElasticLoadBalancingV2::TargetGroup", name: "web", service: "web", root: arn, zones: 3 },
      ...{ tags: {}, dependsOn: [], attributes: {} },
    },
    ...{
      facts: [],
      undo: "",
      expectedMinutes: 5,
      runnerUp: null,
      asks: null,
      expects: [],
      runnerUpExpects: [],
      drafterSays: null,
    },
    expiresAtMs: world.nowMs + 1_800_000,
  };
};

const voted = async (world: QuarrelWorld, card: Card) => {
  const people = onCallPeople(world);
  const clock = simulatedClock(world.nowMs);
  const done = { ring: async () => {}, takeOver: async () => {} };
  const approvals = await simulatedApprovals(simulatedLedger(), clock, people, done);
  await approvals.ask(card);
  const dueMs = approvals.nextAnswerMs() ?? 0;
  advance(world, dueMs);
  await approvals.answerDue(dueMs);
  return { votes: await approvals.votes(card.decisionId), seconds: (dueMs - clock.nowMs()) / 1000 };
};

test("whoever is on call says what they think of it when they answer, in their own name", async () => {
  for (const index of INDICES) {
    const world = worldAt(index);
    const { id: person } = onCallOf(world.scenario);
    const card = cardFor(world, "balm");

    const { votes } = await voted(world, card);

    const question = { decisionId: card.decisionId, tier: 1, runbook: "balm", target: card.target.arn };
    const { answer, reason } = opinionOf(world, person, question);
    assert.deepEqual(
      votes.map((vote) => [vote.person, vote.group, vote.answer, vote.reason]),
      [[person, "oncall", answer, reason ?? ""]],
    );
  }
});

test("a plan that needs two consents gets the second from an owner, and none where the first rejects", async () => {
  const seen = new Set<string>();

  for (const index of INDICES) {
    const world = worldAt(index);
    const { votes } = await voted(world, cardFor(world, "charm", 2));

    const [first, second] = votes;
    seen.add(votes.map(({ answer }) => answer).join());
    assert.equal(first?.person, onCallOf(world.scenario).id);
    if (second !== undefined) assert.deepEqual([second.person, second.group], [ownerOf(world.scenario).id, "owners"]);
  }

  assert.deepEqual(seen, new Set(["approve,approve", "approve,reject", "reject"]));
});

test("most answer within half an hour, and some never before the plan has expired", async () => {
  const late: boolean[] = [];

  for (const index of INDICES) {
    const world = worldAt(index);
    late.push((await voted(world, cardFor(world, "cure"))).seconds > 1800);
  }

  const count = late.filter((isLate) => isLate).length;
  assert.ok(count > 0 && count < INDICES.length / 3, `${count} of ${INDICES.length}`);
});

test("one consent takes as long as whoever is on call does, two as long as the slower, and a restart keeps the time", () => {
  for (const index of INDICES.slice(0, 20)) {
    const world = worldAt(index);
    const later = fork(world);
    advance(later, later.nowMs + 3_600_000);
    const dueIn = (one: QuarrelWorld, consents: Consents): number => {
      const { answersAfterSeconds: after } = onCallPeople(one);
      assert.ok(typeof after === "function");
      return after(cardFor(world, "cure", consents), world.nowMs);
    };

    const [first, second] = [onCallOf(world.scenario), ownerOf(world.scenario)].map((person) =>
      answersAfterSeconds(world, person, "quell-one/0", world.nowMs),
    );
    assert.deepEqual([dueIn(world, 1), dueIn(world, 2)], [first, Math.max(first ?? 0, second ?? 0)]);
    assert.deepEqual([dueIn(later, 1), dueIn(later, 2)], [dueIn(world, 1), dueIn(world, 2)]);
  }
});
