import type { Deed } from "./act.ts";
import { type Chapter, idle } from "./chapter.ts";
import type { Decision } from "./decide.ts";
import type { Effect } from "./execute.ts";
import type { Incident } from "./incident.ts";
import type { StoredDecision } from "./stored-decision.ts";

/** Until when, and why, nobody saw what came of something. */
export type Unseen = Readonly<{ atMs: number; why: string }>;

/**
 * What is known of a decision whose execution did not live to say what came of it: that something was started for it, or
 * may have been, and so that its consents stood; and that how it ended is unknown. Who consented is not known here.
 */
export const deedLeftBehind = (decision: Decision, effects: readonly Effect[], { atMs, why }: Unseen): Deed => {
  const run = effects.find(({ step, role, dryRun }) => step === decision.step && role === "run" && !dryRun);
  const afterSeconds = Math.round((atMs - decision.decidedAtMs) / 1000);
  const nothing = idle({ kind: "unknown", afterSeconds, detail: why }, atMs);
  if (run === undefined) return nothing;
  const isAsked = decision.result.kind === "chosen" && decision.result.consents > 0;
  const consent = { by: isAsked ? "people" : "policy", people: [], atMs: run.atMs } as const;
  return { ...nothing, consent, exit: "unknown" };
};

/** An incident's decisions with what came of each, as far as the ledger was told. */
export const chaptersLeftBehind = (
  stored: readonly StoredDecision[],
  { came }: Pick<Incident, "came">,
  effects: readonly Effect[],
  { atMs, why }: Unseen,
): readonly Chapter[] =>
  stored.map(({ decision }, index) => {
    const next = stored[index + 1];
    const known = next?.before ?? (came?.step === decision.step ? came.deed : null);
    return {
      decision,
      deed: known ?? deedLeftBehind(decision, effects, { atMs: next?.decision.decidedAtMs ?? atMs, why }),
    };
  });
