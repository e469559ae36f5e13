import { answersAfterSeconds, opinionOf } from "../../world/people/opinion.ts";
import { onCallOf, ownerOf } from "../../world/people/rota.ts";
import type { World } from "../../world/state.ts";
import type { People } from "./approvals.ts";

/**
 * The people of a simulated world: whoever is on call answers, and an owner as well where a plan needs two consents. They
 * judge it by what they know when they answer, take longer at night, and now and then answer after its deadline.
 */
export const onCallPeople = (world: World): People => {
  const onCall = onCallOf(world.scenario);
  const owner = ownerOf(world.scenario);
  return {
    members: [
      { person: onCall.id, group: "oncall" },
      { person: owner.id, group: "owners" },
    ],
    // The bell rings once, for all of them: it waits for the slowest of those who are needed.
    answersAfterSeconds: ({ decisionId, consentsNeeded }, askedAtMs) =>
      Math.max(
        ...(consentsNeeded === 2 ? [onCall, owner] : [onCall]).map((person) =>
          answersAfterSeconds(world, person, decisionId, askedAtMs),
        ),
      ),
    answer: async ({ decisionId, tier, plan: { runbook, target } }, { person }) => {
      const { answer, reason } = opinionOf(world, person, { decisionId, tier, runbook, target });
      return { answer, reason: reason ?? "" };
    },
  };
};
