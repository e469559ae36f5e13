import { draftOffline } from "../../core/draft.ts";
import type { Resource } from "../../core/evidence.ts";
import type { Drafter, Proposal } from "../../core/ports.ts";
import type { Catalogue } from "../../core/runbook.ts";
import { effectOn, presentFaults } from "../../world/people/knowledge.ts";
import type { World } from "../../world/state.ts";

/** Everything that could be done to these resources: each runbook where it applies, as somebody who knows nothing more would run it. */
export const everyAim = ({ runbooks }: Catalogue, resources: readonly Resource[]): readonly Proposal[] =>
  runbooks
    .filter(({ kind }) => kind === "effect")
    .flatMap(({ id, version, targetType, aim }) =>
      resources
        .filter(({ type }) => type === targetType)
        .flatMap((target) => {
          const params = aim(target);
          if (params === null) return [];
          return [{ runbook: id, version, target: target.arn, params, because: "", evidence: [], recovers: null }];
        }),
    );

const HELPFUL: readonly string[] = ["heals", "eases"];

/**
 * Drafts for the catalogue bound: everything that could be done, what the faults of the world declare to help first, since
 * a list of candidates is cut. What a decision loses beside it is the price of a drafter that does not name the cure.
 */
export const draftEverything = (world: World): Drafter => ({
  draft: async (context, catalogue) => {
    const offline = draftOffline(context, catalogue, null);
    const present = presentFaults(world);
    const helps = ({ runbook, target }: Proposal): number =>
      HELPFUL.includes(effectOn(present, { runbook, target })) ? 0 : 1;
    const every = everyAim(catalogue, context.resources).toSorted((one, other) => helps(one) - helps(other));
    return { ...offline, proposals: [...offline.proposals, ...every] };
  },
});
