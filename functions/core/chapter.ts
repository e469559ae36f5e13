import type { Deed } from "./act.ts";
import type { Decision } from "./decide.ts";

/** One decision with what came of it: what the record, the episode and the ending are told from. */
export type Chapter = Readonly<{ decision: Decision; deed: Deed }>;

/** A decision that changed nothing: waiting, handing over, observing. @param seenNews where recovery was seen */
export const idle = (outcome: Deed["outcome"], endedAtMs: number, seenNews: number | null = null): Deed => ({
  outcome,
  consent: null,
  refusal: null,
  expiresAtMs: null,
  exit: null,
  undone: false,
  endedAtMs,
  seenNews,
});
