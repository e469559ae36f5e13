import type { Resource } from "./evidence.ts";
import type { AbstainedCode, Because, DoubtedCode, ExcludedCode, RefusedCode } from "./reasons.ts";
import type { Params, Tier } from "./runbook.ts";

/**
 * The values that flow from stage to stage. The order is a type: `execute` takes a Consent, only `approve` makes one
 * and only from a Choice, only `choose` makes that and only from an Allowed verdict, only `guard` makes those.
 * The brands exist at compile time alone; after a replay they are minted again from the ledger.
 */
declare const minted: unique symbol;
type Minted<By extends string> = Readonly<{ [minted]: By }>;

export type Mode = "observe" | "approve" | "auto";

/** One thing that could be done. `target` is null for `wait` and `page`. */
export type Candidate = Readonly<{
  runbook: string;
  version: string;
  target: string | null;
  params: Params;
  source: "drafter" | "rules" | "always";
  /** 0..1, how well the evidence matches, by the runbook's own rules; null where they say nothing of this target. */
  fit: number | null;
  /** The drafter's rank from 0, or null where it did not name it or where a doubt took the rank away. */
  rank: number | null;
  /** The drafter's own P(recover), or null: a feature that can be dropped, never a reward. */
  recovers: number | null;
  /** What does not hold of what the drafter rests it on; null where nothing was found, or no drafter named it. */
  doubt: Because<DoubtedCode> | null;
  /** One sentence of computed facts, by the runbook's own rules; "" where they do not speak for it. */
  because: string;
  /** A drafter's own words, or null: shown last and labelled, never among the facts. */
  says: string | null;
  evidence: readonly string[];
}>;

export type Consents = 0 | 1 | 2;

/** The named facts of one guard request: booleans, computed from fresh numbers, whose meaning Cedar decides. */
export type GuardFacts = Readonly<{
  switchOn: boolean;
  frozen: boolean;
  overBlastRadius: boolean;
  belowCapacityFloor: boolean;
  budgetSpent: boolean;
  coolingDown: boolean;
  breakerOpen: boolean;
  leaseHeld: boolean;
  changeInProgress: boolean;
  evidenceStale: boolean;
  autonomyEarned: boolean;
  reversible: boolean;
}>;

/** A small finite record: CI enumerates every one of them. `effect` false = `wait` or `page`. */
export type GuardRequest = Readonly<{
  effect: boolean;
  tier: Tier;
  environment: "production" | "other";
  mode: Mode;
  facts: GuardFacts;
}>;

/** Anything but a clean permit is a refusal; an error inside the engine refuses with `guard-error`. */
export type GuardAnswer =
  | Readonly<{ kind: "permitted"; consents: Consents; policies: readonly string[] }>
  | Readonly<{ kind: "refused"; because: Because<RefusedCode>; policies: readonly string[] }>;

export type Refused = Readonly<{
  kind: "refused";
  candidate: Candidate;
  tier: Tier;
  because: Because<RefusedCode>;
}>;
export type Allowed = Minted<"guard"> &
  Readonly<{ kind: "allowed"; candidate: Candidate; tier: Tier; consents: Consents; facts: GuardFacts | null }>;
export type Verdict = Allowed | Refused;

/** A number that was estimated, and the range in which it may well lie. */
export type Estimate = Readonly<{ mean: number; low: number; high: number }>;

/** What a learnt model expects of one candidate, beside its rank. Probabilities are calibrated, 0..1. */
export type Outlook = Readonly<{
  /** Each member's rank, in the reward's scale; q is their mean and standard deviation. */
  members: readonly number[];
  /** The return to come, in the reward's scale, at most 0. */
  value: Estimate;
  /** That all is well within the horizon; of `wait`, that it heals by itself. */
  recovers: Estimate;
  /** That it has to be undone, makes worse, or ends unknown; limits are held against `high`. */
  harms: Estimate;
  /** How often people did it in such a scene, as a share of what they did most, 0..1. */
  support: number;
  /** How far the scene is from those that were learnt from; the same for all candidates of a scene, >= 0. */
  distance: number;
}>;

/** What one candidate is worth. `q` in the reward's unit; sd 0 where one scorer speaks. Only a learnt model has an outlook. */
export type Score = Readonly<{ q: Readonly<{ mean: number; sd: number }>; outlook?: Outlook }>;

/** Beyond these a learnt model's word is not enough. Shares and probabilities 0..1, the rest in the reward's scale. */
export type Limits = Readonly<{
  /** It must beat calling a person by `delta` and by so many standard deviations of the members' difference. */
  m: number;
  delta: number;
  support: number;
  distance: number;
  tiers: readonly Readonly<{ tier: Tier; maxHarm: number }>[];
  /** Runbooks that the gate could not judge: they take a person's consent. */
  approval: readonly string[];
  /** Set where nothing may be done without asking: the model cannot speak, and something simpler does. */
  asks: Because<AbstainedCode> | null;
}>;

/**
 * How the proposal is drawn: the best score wins; every allowed candidate is equally likely; or, with probability
 * `epsilon`, one of those whose score is within `delta` of the best, each equally likely, the best among them. 0..1 and
 * >= 0, in the unit of the scores.
 */
export type Draw = "best" | "uniform" | Readonly<{ epsilon: number; delta: number }>;

/** Exactly what would run; `hash` covers incidentId, step, runbook, version, documentHash, undoHash, target, params. */
export type Plan = Readonly<{
  hash: string;
  runbook: string;
  version: string;
  documentHash: string;
  undoHash: string | null;
  target: string;
  params: Params;
  madeAtMs: number;
  expiresAtMs: number;
}>;

/** A candidate as it was weighed: what the record and the episode show of it. */
export type Weighed = Readonly<{
  verdict: Verdict;
  excluded: Because<ExcludedCode> | null;
  features: readonly number[];
  score: Score | null;
  probability: number;
}>;

export type Choice = Minted<"choose"> &
  Readonly<{
    kind: "chosen";
    index: number;
    candidate: Candidate;
    tier: Tier;
    consents: Consents;
    plan: Plan | null;
    /** Why a person is asked where the guard would not have asked for one; null where nothing is in doubt. */
    asks: Because<AbstainedCode> | null;
  }>;
/** Not choosing is an outcome with a reason; `falls` says what happens instead. */
export type Abstention = Readonly<{ kind: "abstained"; because: Because<AbstainedCode>; falls: "page" | "wait" }>;

export type Consent = Minted<"approve"> &
  Readonly<{ by: "policy" | "people"; people: readonly string[]; atMs: number; plan: Plan; step: number; tier: Tier }>;
export type Refusal = Readonly<{
  kind: "rejected" | "expired" | "withdrawn";
  by: string | null;
  atMs: number;
  note: string;
}>;

/** One approver's answer, written by whoever verified the person; the first answer of a person counts. */
export type Vote = Readonly<{
  person: string;
  group: string;
  answer: "approve" | "reject";
  planHash: string;
  reason: string;
  atMs: number;
}>;

export type RunStatus = "running" | "succeeded" | "failed" | "stopped" | "timed-out" | "unknown";

/** An automation execution as the control plane shows it. `outputs` keys are `Step.Name`. */
export type Run = Readonly<{
  executionId: string;
  status: RunStatus;
  failedStep: string | null;
  reason: string | null;
  outputs: Readonly<Record<string, string>>;
  startedAtMs: number;
  endedAtMs: number | null;
}>;

/** What became of one decision. */
export type Outcome =
  | Readonly<{ kind: "recovered"; by: "action" | "self"; afterSeconds: number }>
  | Readonly<{ kind: "not-recovered"; afterSeconds: number }>
  | Readonly<{ kind: "rolled-back"; afterSeconds: number; worse: boolean }>
  | Readonly<{ kind: "undo-failed"; afterSeconds: number; step: string | null }>
  | Readonly<{ kind: "unknown"; afterSeconds: number; detail: string }>
  | Readonly<{ kind: "not-run"; afterSeconds: number; because: Because<RefusedCode> }>
  | Readonly<{ kind: "refused-by-people"; afterSeconds: number; refusal: Refusal }>
  | Readonly<{ kind: "paged"; afterSeconds: number }>
  | Readonly<{ kind: "observed"; afterSeconds: number }>;

/** What was tried in this incident, for the next decision's context and features. */
export type Tried = Readonly<{ step: number; runbook: string; target: string | null; outcome: Outcome["kind"] }>;

/** Everything that an approver needs; facts first, other people's words last and labelled. */
export type Card = Readonly<{
  incidentId: string;
  decisionId: string;
  plan: Plan;
  title: string;
  effect: string;
  tier: Tier;
  consentsNeeded: Consents;
  target: Resource;
  facts: readonly string[];
  undo: string;
  expectedMinutes: number;
  runnerUp: string | null;
  /** Why a person is asked where the guard would have asked nobody; null where it is the guard that asks. */
  asks: Because<AbstainedCode> | null;
  /** What is expected of it, and of the runner-up, one computed sentence each; empty where nothing is known. */
  expects: readonly string[];
  runnerUpExpects: readonly string[];
  /** The drafter's own words, redacted, or null: shown last, labelled as its words and not as a fact. */
  drafterSays: string | null;
  expiresAtMs: number;
}>;
