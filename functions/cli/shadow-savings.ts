import type { IncidentRecord } from "../core/record.ts";
import type { Estimate } from "../core/stages.ts";

/** The first effect that Quell would have proposed for an episode. Minutes count from the alarm. */
export type ShadowProposal = Readonly<{
  runbook: string;
  target: string;
  atMinutes: number;
  /** People who would have been asked. */
  consents: number;
  expectedMinutes: number;
  /** What a learnt model expects of it, 0..1; null of the catalogue's own rules, which expect nothing. */
  recovers: Estimate | null;
  harms: Estimate | null;
}>;

/** Minutes that might have been saved; `mean` null where nobody says how probable recovery was. */
export type Saved = Readonly<{ low: number; mean: number | null; high: number }>;

export const NOTHING_SAVED: Saved = { low: 0, mean: 0, high: 0 };

/** The first effect in a record; null where none was proposed. */
export const firstProposal = ({ incident, decisions }: IncidentRecord): ShadowProposal | null => {
  for (const { choice, candidates, decidedAt } of decisions) {
    const chosen = choice === null ? undefined : candidates[choice.candidate];
    if (chosen?.kind !== "effect" || chosen.target === null) continue;
    return {
      ...{ runbook: chosen.runbook, target: chosen.target },
      atMinutes: minutesBetween(Date.parse(incident.openedAt), Date.parse(decidedAt)),
      // A model in doubt asks somebody where the guard would not.
      consents: Math.max(chosen.consents ?? 0, choice?.asks == null ? 0 : 1),
      expectedMinutes: chosen.expectedMinutes ?? 0,
      ...{ recovers: chosen.outlook?.recovers ?? null, harms: chosen.outlook?.harms ?? null },
    };
  }
  return null;
};

export const minutesBetween = (fromMs: number, toMs: number): number => Math.round((toMs - fromMs) / 6_000) / 10;

/**
 * What a proposal might have saved of an episode. It would have been over at the proposal, the consent, the runbook's
 * expected minutes and the soak, with the probability that the model gives. `low`: nobody was awake where somebody is
 * asked, and the model's lower bound where nobody is; `high`: the answer came at once, and the upper bound, or certainty
 * where no model speaks.
 * @param soakMinutes until recovery counts @param approvalMinutes until a person answers, for the mean
 */
export const savedBy = (
  actualMinutes: number,
  { atMinutes, consents, expectedMinutes, recovers }: ShadowProposal,
  soakMinutes: number,
  approvalMinutes: number,
): Saved => {
  const atOnce = Math.max(0, actualMinutes - atMinutes - expectedMinutes - soakMinutes);
  const answered = Math.max(0, atOnce - (consents > 0 ? approvalMinutes : 0));
  return {
    low: consents > 0 ? 0 : tenth((recovers?.low ?? 0) * atOnce),
    mean: recovers === null ? (atOnce === 0 ? 0 : null) : tenth(recovers.mean * answered),
    high: tenth((recovers?.high ?? 1) * atOnce),
  };
};

const tenth = (minutes: number): number => Math.round(minutes * 10) / 10;

/** All of them together; the bounds add up too, as if all episodes went wrong, or well, at once. */
export const savedInAll = (each: readonly Saved[]): Saved => ({
  low: tenth(each.reduce((sum, { low }) => sum + low, 0)),
  mean: each.some(({ mean }) => mean === null) ? null : tenth(each.reduce((sum, { mean }) => sum + (mean ?? 0), 0)),
  high: tenth(each.reduce((sum, { high }) => sum + high, 0)),
});
