import assert from "node:assert/strict";
import { test } from "node:test";
import type { Approvals } from "../../core/ports.ts";
import type { Card, Vote } from "../../core/stages.ts";

/** Approvals to be judged, a card that they can show, and a way to let its people answer. */
export type ApprovalsUnderTest = Readonly<{
  approvals: Approvals;
  card: Card;
  letPeopleAnswer: (answer: Vote["answer"]) => Promise<void>;
}>;

/** What every way of asking people promises. @param make a fresh one that has asked nobody */
export const approvalsContract = (name: string, make: () => Promise<ApprovalsUnderTest>): void => {
  test(`${name}: a decision that nobody was asked about has no votes`, async () => {
    const { approvals } = await make();

    const votes = await approvals.votes("quell-unknown/0");

    assert.deepEqual(votes, []);
  });

  test(`${name}: a card has no votes before anybody answers`, async () => {
    const { approvals, card } = await make();

    await approvals.ask(card);

    assert.deepEqual(await approvals.votes(card.decisionId), []);
  });

  for (const answer of ["approve", "reject"] as const) {
    test(`${name}: an answer (${answer}) carries the hash of the plan that was shown`, async () => {
      const { approvals, card, letPeopleAnswer } = await make();
      await approvals.ask(card);

      await letPeopleAnswer(answer);

      const votes = await approvals.votes(card.decisionId);
      assert.deepEqual(
        [...new Set(votes.map((vote) => `${vote.answer} ${vote.planHash}`))],
        [`${answer} ${card.plan.hash}`],
      );
    });
  }

  test(`${name}: asking again about the same plan keeps the answer that was given`, async () => {
    const { approvals, card, letPeopleAnswer } = await make();
    await approvals.ask(card);
    await letPeopleAnswer("approve");
    const before = await approvals.votes(card.decisionId);

    await approvals.ask(card);

    assert.deepEqual(await approvals.votes(card.decisionId), before);
  });

  test(`${name}: a card can be settled twice, and after it was never shown`, async () => {
    const { approvals, card } = await make();

    await approvals.settle(card.decisionId, "recovered by itself");
    await approvals.ask(card);
    await approvals.settle(card.decisionId, "recovered by itself");

    await assert.doesNotReject(approvals.settle(card.decisionId, "recovered by itself"));
  });
};
