import type { Chapter } from "./chapter.ts";
import type { Cut, Restraint } from "./context.ts";
import type { Decision } from "./decide.ts";
import { driftOf } from "./drift.ts";
import type { Effect } from "./execute.ts";
import { runnerUpOf } from "./explain.ts";
import { FEATURES_HASH } from "./features.ts";
import { isoTime } from "./ids.ts";
import type { Incident } from "./incident.ts";
import type { Hypothesis, Ports } from "./ports.ts";
import { promptHash } from "./prompt.ts";
import { prospectOf, type SimilarRuns } from "./prospect.ts";
import type { AbstainedCode, Because, Terminal } from "./reasons.ts";
import { type Catalogue, findRunbook, type Params, type Runbook, type Tier } from "./runbook.ts";
import type { Consents, Draw, Estimate, Limits, Mode, Outcome, Outlook, Weighed } from "./stages.ts";

export type ExitStatus = "none" | "succeeded" | "failed" | "stopped" | "timed-out" | "unknown";

export type CandidateRecord = Readonly<{
  runbook: string;
  version: string;
  target: string | null;
  params: Params;
  source: "drafter" | "rules" | "always";
  verdict: "allowed" | "refused" | "excluded";
  because: Because | null;
  doubt: Because | null;
  tier: Tier;
  consents: Consents | null;
  features: readonly number[];
  q: Readonly<{ mean: number; sd: number }> | null;
  probability: number;
  /** What the catalogue says that choosing it means; null where it does not know it. */
  kind: Runbook["kind"] | null;
  expectedMinutes: number | null;
  /** What a learnt model expects of it, and what follows from that; null of any other policy. */
  outlook: Outlook | null;
  overPage: Estimate | null;
  upliftOverWait: Estimate | null;
  /** Earlier runs of the runbook on such alarms; null of what is no effect, and where they could not be read. */
  similarRuns: SimilarRuns | null;
}>;

export type DecisionRecord = Readonly<{
  step: number;
  decidedAt: string;
  mode: Mode;
  policy: string;
  /** Under what the proposal was drawn: with the candidates below, all that their probabilities follow from. */
  severity: number | null;
  draw: Draw;
  limits: Limits | null;
  context: Readonly<{
    digest: string;
    redactions: Readonly<Record<string, number>>;
    missing: readonly Readonly<{ source: string; because: string }>[];
    cut: readonly Cut[];
    flaps: number;
    restraint: Restraint | null;
  }>;
  drafter: Readonly<{
    name: string;
    because: Because | null;
    model: string | null;
    modelBecause: string | null;
    inputTokens: number;
    outputTokens: number;
    usd: number;
    hypotheses: readonly Hypothesis[];
  }>;
  candidates: readonly CandidateRecord[];
  choice: Readonly<{ candidate: number; asks: Because<AbstainedCode> | null }> | null;
  runnerUp: Readonly<{ candidate: number; lost: string }> | null;
  abstention: Readonly<{ because: Because }> | null;
  /** `drift`: what infrastructure as code the plan departs from, in one sentence; null where no tag says so. */
  plan: Readonly<{ hash: string; target: string; params: Params; expiresAt: string; drift: string | null }> | null;
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

const candidateRecord = (
  catalogue: Catalogue,
  decision: Decision,
  weighed: Weighed,
  index: number,
): CandidateRecord => {
  const { verdict, excluded } = weighed;
  const prospect = prospectOf(catalogue, decision, index);
  const { runbook, version, target, params, source } = verdict.candidate;
  const refused = verdict.kind === "refused";
  return {
    runbook,
    version,
    target,
    params,
    source,
    verdict: refused ? "refused" : excluded !== null ? "excluded" : "allowed",
    because: refused ? verdict.because : excluded,
    doubt: verdict.candidate.doubt,
    tier: verdict.tier,
    consents: refused ? null : verdict.consents,
    features: weighed.features,
    q: weighed.score?.q ?? null,
    probability: weighed.probability,
    kind: prospect?.kind ?? null,
    expectedMinutes: prospect?.expectedMinutes ?? null,
    outlook: weighed.score?.outlook ?? null,
    overPage: prospect?.overPage ?? null,
    upliftOverWait: prospect?.upliftOverWait ?? null,
    similarRuns: prospect?.similarRuns ?? null,
  };
};

/** One decision as the record holds it. */
export const decisionRecord = (catalogue: Catalogue, { decision, deed }: Chapter): DecisionRecord => {
  const { result } = decision;
  const runnerUp = runnerUpOf(catalogue, decision);
  const plan = result.kind === "chosen" ? result.plan : null;
  return {
    step: decision.step,
    decidedAt: isoTime(decision.decidedAtMs),
    mode: decision.mode,
    policy: decision.policy,
    severity: decision.severity,
    draw: decision.draw,
    limits: decision.limits,
    context: {
      digest: decision.digest,
      redactions: decision.redactions,
      missing: decision.missing,
      cut: decision.cut,
      flaps: decision.flaps,
      restraint: decision.restraint,
    },
    drafter: decision.drafter,
    candidates: decision.weighed.map((one, index) => candidateRecord(catalogue, decision, one, index)),
    choice: result.kind === "chosen" ? { candidate: result.index, asks: result.asks } : null,
    runnerUp: runnerUp === null ? null : { candidate: runnerUp.index, lost: runnerUp.lost },
    abstention: result.kind === "abstained" ? { because: result.because } : null,
    plan:
      plan === null
        ? null
        : {
            hash: plan.hash,
            target: plan.target,
            params: plan.params,
            expiresAt: isoTime(deed.expiresAtMs ?? plan.expiresAtMs),
            drift: driftOf(findRunbook(catalogue, plan.runbook, plan.version), decision.target),
          },
    consent:
      deed.consent === null
        ? null
        : { by: deed.consent.by, people: deed.consent.people, at: isoTime(deed.consent.atMs) },
    refusal:
      deed.refusal === null ? null : { kind: deed.refusal.kind, by: deed.refusal.by, at: isoTime(deed.refusal.atMs) },
    outcome: { kind: deed.outcome.kind, afterSeconds: deed.outcome.afterSeconds },
  };
};

/** The whole incident as one document: anyone can read from it what was done, by whom, and on what grounds. */
export const incidentRecord = (
  ports: Pick<Ports, "catalogue" | "codeHash"> &
    Readonly<{ guardrails: Pick<Ports["guardrails"], "hash">; scorer: Pick<Ports["scorer"], "modelHash"> }>,
  incident: Incident,
  ending: Readonly<{ terminal: Terminal; because: Because; atMs: number }>,
  chapters: readonly Chapter[],
  effects: readonly Effect[],
): IncidentRecord => ({
  schema: 1,
  incident: {
    id: incident.id,
    key: incident.keys[0] ?? "",
    alarmName: incident.alarmName,
    account: incident.account,
    region: incident.region,
    service: incident.service,
    environment: incident.environment,
    severity: incident.severity,
    openedAt: isoTime(incident.openedAtMs),
    closedAt: isoTime(ending.atMs),
  },
  terminal: ending.terminal,
  because: ending.because,
  hashes: {
    model: ports.scorer.modelHash,
    guardrails: ports.guardrails.hash,
    catalogue: ports.catalogue.hash,
    features: FEATURES_HASH,
    prompt: promptHash(ports.catalogue),
    code: ports.codeHash,
  },
  effects: effects.map(({ key, step, runbook, target, atMs, dryRun }) => ({
    key,
    step,
    runbook,
    target,
    at: isoTime(atMs),
    dryRun,
  })),
  decisions: chapters.map((chapter) => decisionRecord(ports.catalogue, chapter)),
});
