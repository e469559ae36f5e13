import assert from "node:assert/strict";
import { test } from "node:test";
import type { Ledger } from "../../core/ports.ts";
import type { Card, Consents } from "../../core/stages.ts";
import { approvalsContract } from "../contracts/approvals.contract.ts";
import { type AfterAnswer, type People, scriptedPeople, simulatedApprovals } from "./approvals.ts";
import { simulatedClock } from "./clock.ts";
import { simulatedLedger } from "./ledger.ts";

const ARN = "arn:aws:ecs:eu-west-1:111122223333:service/shop-prod/shop-web";

const card = (consentsNeeded: Consents = 1): Card => ({
  incidentId: "quell-one",
  decisionId: "quell-one/0",
  plan: {
    hash: "a".repeat(64),
    runbook: "ecs-rollback",
    version: "1.0.0",
    documentHash: "b".repeat(64),
    undoHash: null,
    target: ARN,
    params: { Service: "shop-web" },
    madeAtMs: 0,
    expiresAtMs: 1_800_000,
  },
  title: "Roll back",
  effect: "Tasks are replaced.",
  tier: 1,
  consentsNeeded,
  target: {
    arn: ARN,
    type: "AWS::ECS::Service",
    name: "shop-web",
    service: "web",
    root: ARN,
    zones: 2,
    tags: {},
    dependsOn: [],
    attributes: {},
  },
  facts: [],
  undo: "restores it",
  expectedMinutes: 6,
  runnerUp: null,
  asks: null,
  expects: [],
  runnerUpExpects: [],
  drafterSays: null,
  expiresAtMs: 1_800_000,
});

const FOUR_MINUTES_MS = 240_000;

type Desk = Readonly<{ people?: People; ledger?: Ledger; ring?: AfterAnswer["ring"] }>;

const desk = async ({ people = scriptedPeople("approve"), ledger = simulatedLedger(), ring }: Desk = {}) => {
  const heard: string[] = [];
  const clock = simulatedClock(0);
  const approvals = await simulatedApprovals(ledger, clock, people, {
    ring: ring ?? (async (id) => void heard.push(`ring ${id}`)),
    takeOver: async (id) => void heard.push(`take over ${id}`),
  });
  return { approvals, clock, heard, ledger };
};

approvalsContract("simulated approvals", async () => {
  let says: "approve" | "reject" = "approve";
  const people = { ...scriptedPeople("approve"), answer: async () => ({ answer: says, reason: "" }) };
  const { approvals, clock } = await desk({ people });
  return {
    approvals,
    card: card(),
    letPeopleAnswer: async (answer) => {
      says = answer;
      clock.moveTo(clock.nowMs() + FOUR_MINUTES_MS);
      await approvals.answerDue(clock.nowMs());
    },
  };
});

test("a scripted person answers four simulated minutes after the card, not before, and then rings", async () => {
  const { approvals, heard } = await desk();
  await approvals.ask(card());

  await approvals.answerDue(FOUR_MINUTES_MS - 1);
  const early = await approvals.votes("quell-one/0");
  await approvals.answerDue(FOUR_MINUTES_MS);

  assert.equal(early.length, 0);
  assert.deepEqual(
    (await approvals.votes("quell-one/0")).map(({ answer, atMs }) => ({ answer, atMs })),
    [{ answer: "approve", atMs: FOUR_MINUTES_MS }],
  );
  assert.deepEqual(heard, ["ring quell-one"]);
});

test("a plan that needs two consents gets them from two people of two groups", async () => {
  const { approvals } = await desk();
  await approvals.ask(card(2));

  await approvals.answerDue(FOUR_MINUTES_MS);

  const votes = await approvals.votes("quell-one/0");
  assert.equal(new Set(votes.map(({ person }) => person)).size, 2);
  assert.equal(new Set(votes.map(({ group }) => group)).size, 2);
});

test("everybody is asked for themselves, and nobody after the first who rejects", async () => {
  const asked: string[] = [];
  const people = (rejects: string): People => ({
    ...scriptedPeople("approve"),
    answer: async (_card, { person }) => {
      asked.push(person);
      return { answer: person === rejects ? "reject" : "approve", reason: person };
    },
  });
  const votesWith = async (rejects: string) => {
    const { approvals } = await desk({ people: people(rejects) });
    await approvals.ask(card(2));
    await approvals.answerDue(FOUR_MINUTES_MS);
    return (await approvals.votes("quell-one/0")).map(({ person, answer }) => `${person} ${answer}`);
  };

  const first = await votesWith("simulated-oncall");
  const second = await votesWith("simulated-owner");

  assert.deepEqual(first, ["simulated-oncall reject"]);
  assert.deepEqual(second, ["simulated-oncall approve", "simulated-owner reject"]);
  assert.deepEqual(asked, ["simulated-oncall", "simulated-oncall", "simulated-owner"]);
});

test("how long people take may depend on the card and on when it was shown, and a restart keeps the time", async () => {
  const ledger = simulatedLedger();
  const people: People = {
    ...scriptedPeople("approve"),
    answersAfterSeconds: ({ tier }, askedAtMs) => 60 * tier + askedAtMs / 1000,
  };
  const { approvals, clock } = await desk({ people, ledger });
  clock.moveTo(5000);
  await approvals.ask(card());

  const restarted = await desk({ people, ledger });

  assert.deepEqual([approvals.nextAnswerMs(), restarted.approvals.nextAnswerMs()], [70_000, 70_000]);
});

test("one person alone is one consent, however many a plan needs", async () => {
  const people: People = { ...scriptedPeople("approve"), members: [{ person: "you", group: "oncall" }] };
  const { approvals } = await desk({ people });
  await approvals.ask(card(2));

  await approvals.answerDue(FOUR_MINUTES_MS);

  assert.equal((await approvals.votes("quell-one/0")).length, 1);
});

test("whoever rejects takes the incident over before its bell rings", async () => {
  const { approvals, heard } = await desk({ people: scriptedPeople("reject") });
  await approvals.ask(card());

  await approvals.answerDue(FOUR_MINUTES_MS);

  assert.deepEqual(heard, ["take over quell-one", "ring quell-one"]);
});

test("a settled card waits for nobody", async () => {
  const { approvals } = await desk();
  await approvals.ask(card());

  await approvals.settle("quell-one/0", "withdrawn");

  assert.equal(approvals.nextAnswerMs(), null);
});

test("an answer whose bell was never rung is found by a restart, which rings without asking again", async () => {
  const ledger = simulatedLedger();
  let questions = 0;
  const people: People = {
    ...scriptedPeople("approve"),
    answer: async () => {
      questions += 1;
      return { answer: "approve", reason: "" };
    },
  };
  const died = await desk({ people, ledger, ring: () => Promise.reject(new Error("the process died")) });
  await died.approvals.ask(card());
  await assert.rejects(died.approvals.answerDue(FOUR_MINUTES_MS));

  const restarted = await desk({ people, ledger });
  await restarted.approvals.answerDue(FOUR_MINUTES_MS);

  assert.equal(questions, 1);
  assert.deepEqual(restarted.heard, ["ring quell-one"]);
  assert.equal(restarted.approvals.nextAnswerMs(), null);
});
