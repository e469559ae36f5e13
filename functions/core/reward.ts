import type { Tier } from "./runbook.ts";
import type { Outcome } from "./stages.ts";

/**
 * What a decision cost, in hours of severity-1 impact, each part on its own: the reader weighs, sums and negates them.
 * A page costs a quarter of an hour because that is what waking somebody takes from them before they have helped.
 * A reopen within a day costs half an hour: somebody is woken again, and starts again on what was taken for repaired.
 */
export const REWARD_WEIGHTS = {
  halfLifeHours: 8,
  actionHours: { tier0: 0.01, tier1: 0.03, tier2: 0.1, tier3: 0.3 },
  pageHours: 0.25,
  harmHours: 1,
  recurrenceHours: 0.5,
} as const;

const TIER_HOURS: Readonly<Record<Tier, number>> = {
  0: REWARD_WEIGHTS.actionHours.tier0,
  1: REWARD_WEIGHTS.actionHours.tier1,
  2: REWARD_WEIGHTS.actionHours.tier2,
  3: REWARD_WEIGHTS.actionHours.tier3,
};

/** Discount rate of a minute: half of a cost counts after eight hours. */
export const BETA_PER_MINUTE: number = Math.LN2 / (REWARD_WEIGHTS.halfLifeHours * 60);

/** Impact of consecutive minutes (0..1 each), in severity-1 hours, discounted from the first on. */
export const discountedHours = (impactPerMinute: readonly number[]): number =>
  impactPerMinute.reduce((sum, impact, minute) => sum + impact * Math.exp(-BETA_PER_MINUTE * minute), 0) / 60;

/** Price of having acted: by tier for an effect that was started, of a page where people were woken. */
export const actionCost = (outcome: Outcome, tier: Tier | null): number =>
  (tier === null ? 0 : TIER_HOURS[tier]) + (outcome.kind === "paged" ? REWARD_WEIGHTS.pageHours : 0);

export type Harm = "none" | "suspected" | "confirmed" | "unknown";

/** Harm as it was observed: an undo that was needed, or an SLI left worse; what nobody knows is unknown, not none. */
export const harmOf = (outcome: Outcome, ran: boolean): Harm => {
  if (!ran) return "none";
  if (outcome.kind === "recovered") return "none";
  if (outcome.kind === "rolled-back") return outcome.worse ? "confirmed" : "suspected";
  if (outcome.kind === "not-recovered") return "suspected";
  return "unknown";
};

/** Cost of harm in severity-1 hours; unknown counts as harm. */
export const harmCost = (harm: Harm): number => (harm === "none" ? 0 : REWARD_WEIGHTS.harmHours);
