import type { MetricRef } from "./alarm.ts";
import type { Context } from "./context.ts";
import type { EpisodeRow } from "./episode.ts";
import type { AlarmSnapshot, AlarmTransition, Change, LogLine, Resource, Series, TellLack } from "./evidence.ts";
import type { Json } from "./json.ts";
import type { Because, DraftedOfflineCode } from "./reasons.ts";
import type { IncidentRecord } from "./record.ts";
import type { Catalogue, Params } from "./runbook.ts";
import type { Card, Draw, GuardAnswer, GuardRequest, Limits, Run, Score, Verdict, Vote } from "./stages.ts";
import type { PastRun } from "./track-record.ts";

/** Reads of the world. Any call may throw: the context then says what is missing. Times are ms since the epoch. */
export type Evidence = Readonly<{
  alarms: (keys: readonly string[]) => Promise<readonly AlarmSnapshot[]>;
  /** Only periods that have closed and can be read now; a period without data is null. */
  metrics: (metrics: readonly MetricRef[], fromMs: number, toMs: number, tell?: TellLack) => Promise<readonly Series[]>;
  logs: (logGroups: readonly string[], fromMs: number, toMs: number, tell?: TellLack) => Promise<readonly LogLine[]>;
  changes: (arns: readonly string[], fromMs: number, toMs: number) => Promise<readonly Change[]>;
  /** The incident's own graph: the named services' resources and what they depend on, read fresh. */
  resources: (arns: readonly string[]) => Promise<readonly Resource[]>;
  history: (key: string, fromMs: number, toMs: number) => Promise<readonly AlarmTransition[]>;
}>;

/** What a drafter claims of one piece of evidence, in words that numbers can check. */
export const CLAIMS = ["above-usual", "below-usual", "usual", "changed", "logged", "ringing"] as const;
export type Claim = (typeof CLAIMS)[number];
/** Evidence by the id that it has in the context; `says` null where nothing is claimed of it. */
export type Citation = Readonly<{ id: string; says: Claim | null }>;

/** One candidate as a drafter named it, unparsed beyond its shape: draft.ts and the guard decide what of it exists. */
export type Proposal = Readonly<{
  runbook: string;
  version: string;
  target: string;
  params: Params;
  /** The drafter's own words: shown last and labelled, never a fact. */
  because: string;
  evidence: readonly Citation[];
  /** The drafter's own P(recover), 0..1; null where it gave none. A feature that can be dropped, never a reward. */
  recovers: number | null;
}>;

/** What a drafter thinks went wrong, with evidence ids for and against it. `cause` is its own words. */
export type Hypothesis = Readonly<{ cause: string; for: readonly string[]; against: readonly string[] }>;

export type Drafted = Readonly<{
  name: "anthropic" | "bedrock" | "offline" | "recorded";
  /** Why a drafter that was asked for did not speak; null where the one asked for did. */
  because: Because<DraftedOfflineCode> | null;
  model: string | null;
  /** Why this model and no other, in one sentence; null where none was asked. */
  modelBecause: string | null;
  /** All tokens that went in, cached ones too; over every call that was made, failed ones at their reservation. */
  inputTokens: number;
  outputTokens: number;
  usd: number;
  hypotheses: readonly Hypothesis[];
  proposals: readonly Proposal[];
  /** What it named that is not in the catalogue or not well typed: the guard refuses each, on the record. */
  rejected: readonly Proposal[];
}>;
export type Drafter = Readonly<{ draft: (context: Context, catalogue: Catalogue) => Promise<Drafted> }>;

/** Says what a request may do. Never throws: an engine error is a refusal with `guard-error`. */
export type Guardrails = Readonly<{ hash: string; ask: (request: GuardRequest) => Promise<GuardAnswer> }>;

/**
 * Prices candidates: `state` has S numbers, `candidates` K rows of A. May throw; choose then abstains.
 * `verdicts` is what the guard said of each, for bounds that play candidates out in a simulated world: a policy that may
 * be deployed reads numbers alone.
 */
export type Scorer = Readonly<{
  policy: string;
  modelHash: string;
  draw: Draw;
  /** Left out where the policy is no learnt model. */
  limits?: Limits;
  score: (
    state: readonly number[],
    candidates: readonly (readonly number[])[],
    verdicts?: readonly Verdict[],
  ) => Promise<readonly Score[]>;
}>;

/** Asking people. A callback carries no authority: votes are read from where the verified answer was written. */
export type Approvals = Readonly<{
  ask: (card: Card) => Promise<void>;
  votes: (decisionId: string) => Promise<readonly Vote[]>;
  /** Replaces the buttons of a card by how it ended. */
  settle: (decisionId: string, text: string) => Promise<void>;
}>;

export type StartRequest = Readonly<{
  documentName: string;
  documentHash: string;
  parameters: Params;
  clientToken: string;
  tags: Readonly<Record<string, string>>;
}>;
/** The one way to change anything. The same clientToken finds the run that it started. */
export type Actuator = Readonly<{
  /** `refused`: definitely not started, and why. A throw means that nobody knows: ask again with the same token. */
  start: (
    request: StartRequest,
  ) => Promise<Readonly<{ kind: "started"; executionId: string }> | Readonly<{ kind: "refused"; detail: string }>>;
  poll: (executionId: string) => Promise<Run>;
  stop: (executionId: string) => Promise<void>;
}>;

/** Items with a version each: every write is one conditional write on one item. */
export type Versioned = Readonly<{ item: Json; version: number }>;
export type Ledger = Readonly<{
  read: (key: string) => Promise<Versioned | null>;
  /** Writes when the stored version equals `expected` (null = absent). False: somebody else wrote first. */
  write: (key: string, item: Json, expected: number | null) => Promise<boolean>;
  list: (prefix: string) => Promise<readonly Readonly<{ key: string; item: Json }>[]>;
}>;

/** Appending the same (decision_id, row_version) twice keeps one row. */
export type Episodes = Readonly<{ append: (row: EpisodeRow) => Promise<void> }>;
/** What became of earlier effects: those decided in [fromMs, untilMs) whose outcome has matured. May throw. */
export type TrackRecord = Readonly<{ since: (fromMs: number, untilMs: number) => Promise<readonly PastRun[]> }>;
/** Putting the same incident id again replaces it. */
export type Records = Readonly<{ put: (record: IncidentRecord) => Promise<void> }>;

export type PageRequest = Readonly<{
  incidentId: string;
  severity: number;
  summary: string;
  details: readonly string[];
}>;
/** Reaches a person by a path that neither the drafter nor the approvals share. Idempotent by incident id. */
export type Pager = Readonly<{
  page: (request: PageRequest) => Promise<void>;
  update: (incidentId: string, text: string) => Promise<void>;
  resolve: (incidentId: string, text: string) => Promise<void>;
}>;

/** "off" stops every effect; absent or unreadable (a throw) is read as "off". */
export type Switch = Readonly<{ read: () => Promise<"on" | "off"> }>;

/** One authority for time. */
export type Clock = Readonly<{ nowMs: () => number }>;

/** Starts and wakes durable executions. Starting twice, and ringing a closed bell, are success. */
export type Executions = Readonly<{
  start: (incidentId: string) => Promise<void>;
  ring: (callbackId: string) => Promise<void>;
}>;

export type Ports = Readonly<{
  evidence: Evidence;
  drafter: Drafter;
  guardrails: Guardrails;
  scorer: Scorer;
  approvals: Approvals;
  actuator: Actuator;
  ledger: Ledger;
  episodes: Episodes;
  records: Records;
  trackRecord: TrackRecord;
  pager: Pager;
  switch: Switch;
  clock: Clock;
  executions: Executions;
  catalogue: Catalogue;
  /** True where effects are only written down: a recorded incident cannot be changed. */
  dryRun: boolean;
  /** Identifies the running code in the record: a revision or a bundle's hash. */
  codeHash: string;
}>;

/** The durable context, as core needs it; results are JSON and come back the same on every replay. */
export type Journal = Readonly<{
  /** At least once, at most three attempts in all, a dead sandbox counted; then it throws StepAbandoned. */
  step: <T extends Json>(name: string, body: () => Promise<T>) => Promise<T>;
  /** Sleeps until the bell is rung or the time is over. `submit` stores the bell's id and may ring it at once. */
  doze: (name: string, seconds: number, submit: (callbackId: string) => Promise<void>) => Promise<"rung" | "timed-out">;
}>;
