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

/**
 * Two people of two groups who approve at once whatever is asked: in a dry run a consent leads to nothing.
 * @param ring wakes the incident of this id
 */
export const readyApprovals = (clock: Clock, ring: (incidentId: string) => Promise<void>): Approvals => {
  const asked = new Map<string, Readonly<{ card: Card; atMs: number }>>();
  return {
    ask: async (card) => {
      asked.set(card.decisionId, { card, atMs: clock.nowMs() });
      await ring(card.incidentId);
    },
    votes: async (decisionId) => {
      const question = asked.get(decisionId);
      if (question === undefined) return [];
      const { card, atMs } = question;
      return ["oncall", "owners"].map((group) => ({
        person: `replay-${group}`,
        group,
        answer: "approve" as const,
        planHash: card.plan.hash,
        reason: "replayed",
        atMs,
      }));
    },
    settle: async () => {},
  };
};
