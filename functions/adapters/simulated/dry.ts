import type { Actuator, Approvals, Clock, Pager } from "../../core/ports.ts";
import type { Card } from "../../core/stages.ts";

/** Starts nothing and says so by its id: for recorded incidents, which cannot be changed. */
export const dryActuator: Actuator = {
  start: async ({ clientToken }) => ({ kind: "started", executionId: `dry-run-${clientToken}` }),
  poll: async (executionId) => {
    throw new Error(`${executionId}: a dry run has no execution to follow`);
  },
  stop: async () => {},
};

/** Reaches nobody. */
export const silentPager: Pager = { page: async () => {}, update: async () => {}, resolve: async () => {} };

/** Two people of two groups who approve at once whatever is asked: in a dry run a consent leads to nothing. */
export const readyApprovals = (clock: Clock): Approvals => {
  const asked = new Map<string, Card>();
  return {
    ask: async (card) => void asked.set(card.decisionId, card),
    votes: async (decisionId) => {
      const card = asked.get(decisionId);
      if (card === undefined) return [];
      return ["oncall", "owners"].map((group) => ({
        person: `replay-${group}`,
        group,
        answer: "approve" as const,
        planHash: card.plan.hash,
        reason: "replayed",
        atMs: clock.nowMs(),
      }));
    },
    settle: async () => {},
  };
};
