import { draftOffline } from "../../core/draft.ts";
import type { Drafter, Proposal } from "../../core/ports.ts";
import { effectOn, helps, presentFaults } from "../../world/people/knowledge.ts";
import type { World } from "../../world/state.ts";
import { everyAim } from "./every-aim.ts";

/**
 * Drafts for the catalogue bound: everything that could be done, what the faults of the world declare to help first, since
 * a list of candidates is cut. What a decision loses beside it is the price of a drafter that does not name the cure.
 */
export const draftEverything = (world: World): Drafter => ({
  draft: async (context, catalogue) => {
    const offline = draftOffline(context, catalogue, null);
    const present = presentFaults(world);
    const place = ({ runbook, target }: Proposal): number => (helps(effectOn(present, { runbook, target })) ? 0 : 1);
    const every = everyAim(catalogue, context.resources).toSorted((one, other) => place(one) - place(other));
    return { ...offline, proposals: [...offline.proposals, ...every] };
  },
});
