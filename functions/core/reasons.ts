/** Why Quell did, or did not do, something. Every list is closed: a new reason is a change to this file. */
export const IGNORED = ["suppressed", "muted", "configuration-change", "not-an-alarm"] as const;
export const REFUSED = [
  "unknown-runbook",
  "bad-parameter",
  "target-not-in-graph",
  "environment-forbidden",
  "freeze-window",
  "blast-radius",
  "capacity-floor",
  "budget-spent",
  "cooldown",
  "breaker-open",
  "lease-held",
  "change-in-progress",
  "precheck-failed",
  "stale-plan",
  "kill-switch",
  "guard-error",
] as const;
export const EXCLUDED = ["harm-limit", "low-support"] as const;
export const ABSTAINED = [
  "no-model",
  "model-mismatch",
  "bad-features",
  "out-of-distribution",
  "low-support",
  "ensemble-disagrees",
  "harm-too-likely",
  "not-better-than-page",
  "autonomy-not-earned",
  "all-refused",
] as const;
export const ENDED = [
  "recovered",
  "merged",
  "paged",
  "rejected",
  "expired",
  "undo-failed",
  "worse-after-undo",
  "unknown-outcome",
  "observed",
  "step-abandoned",
  "too-many-turns",
  "storm",
  "alarm-deleted",
] as const;
/** Why the offline drafter spoke instead of the one that was asked for; one code for each way a model can fail. */
export const DRAFTED_OFFLINE = [
  "drafter-failed",
  "not-configured",
  "budget-spent",
  "unauthorised",
  "bad-request",
  "rate-limited",
  "overloaded",
  "server-error",
  "unreachable",
  "cut-off",
  "timed-out",
  "no-reply",
  "refused-by-model",
  "truncated",
  "context-too-long",
  "paused",
  "unexpected-tool-use",
  "stopped",
  "empty-reply",
  "malformed-reply",
  "too-many-candidates",
  "unknown-runbook",
  "bad-parameter",
] as const;
/** Why a drafter's candidate lost its rank: what it rests on does not hold. */
export const DOUBTED = [
  "no-evidence",
  "unknown-evidence",
  "claim-not-borne-out",
  "too-few-signals",
  "target-not-in-graph",
] as const;
export const TERMINALS = [
  "MERGED",
  "RESOLVED",
  "SELF_RECOVERED",
  "REJECTED",
  "EXPIRED",
  "ROLLED_BACK",
  "ESCALATED",
] as const;

export type IgnoredCode = (typeof IGNORED)[number];
export type RefusedCode = (typeof REFUSED)[number];
export type ExcludedCode = (typeof EXCLUDED)[number];
export type AbstainedCode = (typeof ABSTAINED)[number];
export type EndedCode = (typeof ENDED)[number];
export type DraftedOfflineCode = (typeof DRAFTED_OFFLINE)[number];
export type DoubtedCode = (typeof DOUBTED)[number];
export type Terminal = (typeof TERMINALS)[number];

/** A reason that a program can count and a person can read: `detail` is one plain sentence, never telemetry text. */
export type Because<Code extends string = string> = Readonly<{ code: Code; detail: string }>;

export const because = <Code extends string>(code: Code, detail: string): Because<Code> => ({ code, detail });
