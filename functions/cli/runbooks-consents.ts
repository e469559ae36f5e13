import { NO_FACTS, reversible } from "../core/guard-facts.ts";
import { measuredTier } from "../core/guard-scope.ts";
import type { Guardrails } from "../core/ports.ts";
import type { Catalogue, Runbook, Tier } from "../core/runbook.ts";
import type { Consents, GuardRequest } from "../core/stages.ts";
import { radiusOfUnknown } from "./runbooks-radius.ts";

/** How many people must consent, or that the guardrails permit it to nobody. */
export type Needs = Consents | "refused";

/** What each runbook needs in production, mode auto, by its id. */
export type NeedsById = ReadonlyMap<string, Needs>;

/** Asks the guardrails about every runbook on the best of days: switch on, nothing in its way, no autonomy earned. */
export const needsOf = async (catalogue: Catalogue, guardrails: Guardrails): Promise<NeedsById> =>
  new Map(
    await Promise.all(
      catalogue.runbooks.map(async (runbook): Promise<readonly [string, Needs]> => {
        const answer = await guardrails.ask(requestFor(runbook));
        return [runbook.id, answer.kind === "permitted" ? answer.consents : "refused"];
      }),
    ),
  );

/** The lowest tier that a run may have: a data store is one on every target, the rest is only known at the target. */
export const leastTier = (runbook: Runbook): Tier =>
  measuredTier(runbook, {
    share: 0,
    resources: 0,
    zones: 0,
    dataStore: radiusOfUnknown(runbook)?.dataStore === true,
    capacity: null,
  });

const requestFor = (runbook: Runbook): GuardRequest => ({
  effect: runbook.kind === "effect",
  tier: leastTier(runbook),
  environment: "production",
  mode: "auto",
  facts: { ...NO_FACTS, switchOn: true, reversible: reversible(runbook).holds },
});
