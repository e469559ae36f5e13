import type { Because, Terminal } from "./reasons.ts";
import type { Params, Tier } from "./runbook.ts";
import type { Consents, Mode, Outcome } from "./stages.ts";

export type ExitStatus = "none" | "succeeded" | "failed" | "stopped" | "timed-out" | "unknown";

export type CandidateRecord = Readonly<{
  runbook: string;
  version: string;
  target: string | null;
  params: Params;
  source: "drafter" | "rules" | "always";
  verdict: "allowed" | "refused" | "excluded";
  because: Because | null;
  tier: Tier;
  consents: Consents | null;
  features: readonly number[];
  q: Readonly<{ mean: number; sd: number }> | null;
  probability: number;
}>;

export type DecisionRecord = Readonly<{
  step: number;
  decidedAt: string;
  mode: Mode;
  policy: string;
  context: Readonly<{
    digest: string;
    redactions: Readonly<Record<string, number>>;
    missing: readonly Readonly<{ source: string; because: string }>[];
  }>;
  drafter: Readonly<{
    name: string;
    because: Because | null;
    model: string | null;
    inputTokens: number;
    outputTokens: number;
    usd: number;
  }>;
  candidates: readonly CandidateRecord[];
  choice: Readonly<{ candidate: number }> | null;
  abstention: Readonly<{ because: Because }> | null;
  plan: Readonly<{ hash: string; target: string; params: Params; expiresAt: string }> | null;
  consent: Readonly<{ by: "policy" | "people"; people: readonly string[]; at: string }> | null;
  refusal: Readonly<{ kind: "rejected" | "expired" | "withdrawn"; by: string | null; at: string }> | null;
  outcome: Readonly<{ kind: Outcome["kind"]; afterSeconds: number }>;
}>;

/** One document an incident: everything that was decided, and what it rested on. */
export type IncidentRecord = Readonly<{
  schema: 1;
  incident: Readonly<{
    id: string;
    key: string;
    alarmName: string;
    account: string;
    region: string;
    service: string;
    environment: string;
    severity: number;
    openedAt: string;
    closedAt: string;
  }>;
  terminal: Terminal;
  because: Because;
  hashes: Readonly<{
    model: string;
    guardrails: string;
    catalogue: string;
    features: string;
    prompt: string;
    code: string;
  }>;
  effects: readonly Readonly<{
    key: string;
    step: number;
    runbook: string;
    target: string;
    at: string;
    dryRun: boolean;
  }>[];
  decisions: readonly DecisionRecord[];
}>;
