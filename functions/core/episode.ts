import type { Chapter } from "./chapter.ts";
import { keyOf } from "./choose.ts";
import { FEATURES_HASH } from "./features.ts";
import type { Incident } from "./incident.ts";
import type { Ports } from "./ports.ts";
import type { ExitStatus } from "./record.ts";
import { actionCost, discountedHours, harmCost, harmOf } from "./reward.ts";
import type { Outcome, Weighed } from "./stages.ts";

/** One decision as the learner reads it: the columns of an episode row, in their written names. */
export type EpisodeRow = Readonly<{
  schema_version: 1;
  row_version: number;
  decision_id: string;
  incident_id: string;
  cluster_id: string;
  step: number;
  decided_at: number;
  source: "oncall" | "agent" | "shadow";
  service: string;
  environment: string;
  severity: number;
  features_hash: string;
  catalogue_hash: string;
  guardrails_hash: string;
  model_hash: string;
  world_hash: string;
  state: readonly number[];
  candidates: readonly number[];
  candidate_key: readonly string[];
  runbook_id: readonly string[];
  drafted_by: readonly string[];
  drafter: string;
  tier: readonly number[];
  consents: readonly number[];
  allowed: readonly boolean[];
  refused_because: readonly string[];
  stage: "shadow" | "ask" | "auto" | "";
  canary_arm: string;
  arm_probability: number;
  proposed: number;
  probability: readonly number[] | null;
  tie_set: readonly boolean[];
  epsilon: number;
  seed: string;
  abstained_because: string;
  /** A learnt model's ranks, all candidates of the first member, then of the second, ...; the values of a policy of one. */
  q: readonly number[] | null;
  human_response: "none" | "approved" | "chose_other" | "rejected" | "expired" | "already_recovered" | "took_over";
  human_reason: string;
  executed: number;
  executed_runbook: string;
  exit_status: ExitStatus;
  undone: boolean;
  elapsed_minutes: number;
  impact_minutes: number;
  impact_discounted: number;
  cost_action: number;
  cost_harm: number;
  cost_recurrence: number;
  handover_impact: number;
  harm: "none" | "suspected" | "confirmed" | "unknown";
  recovered: boolean;
  recovered_by: "action" | "self" | "human" | "unknown" | "";
  end: "none" | "recovered" | "handed_over" | "false_alarm" | "open";
  reopened_24h: boolean | null;
  matured_at: number | null;
}>;

/** What was measured of one decision's time: impact minute by minute, in severity-1 minutes. */
export type Measured = Readonly<{
  /** From the decision to the next one, or to the incident's end. */
  impact: readonly number[];
  /** After the hand-over to people, until recovery held or the watch ended; empty where nothing was handed over. */
  handover: readonly number[];
  end: EpisodeRow["end"];
  /** Null where nobody saw whether it recovered. */
  recoveredByHand: boolean | null;
}>;

/** Who drew the proposals: a policy of ours, or people on call, of whose choices nobody knows a probability. */
export type Behaviour = Readonly<{ source: "agent" | "oncall" }>;

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

const RESPONSE: Readonly<Record<"rejected" | "expired" | "withdrawn", EpisodeRow["human_response"]>> = {
  rejected: "rejected",
  expired: "expired",
  withdrawn: "already_recovered",
};

const recoveredBy = (outcome: Outcome, measured: Measured): EpisodeRow["recovered_by"] => {
  if (outcome.kind === "recovered") return outcome.by;
  if (measured.recoveredByHand === null) return "unknown";
  if (measured.recoveredByHand) return "human";
  if (measured.end === "recovered") return "self";
  return "";
};

/** The index that was executed: what ran, or the candidate that waits where nothing ran; -1 where there is none. */
const executedIndex = ({ decision, deed }: Chapter, catalogue: Ports["catalogue"]): number => {
  const { result } = decision;
  if (result.kind === "chosen" && (deed.exit !== null || result.plan === null)) return result.index;
  const kind = result.kind === "abstained" ? result.falls : "wait";
  return decision.weighed.findIndex(({ verdict }) =>
    catalogue.runbooks.some((one) => one.id === verdict.candidate.runbook && one.kind === kind),
  );
};

/** The value of each candidate by each member of the policy; null where somebody gave one no value. */
const ranksOf = (weighed: readonly Weighed[]): EpisodeRow["q"] => {
  const scores = weighed.flatMap(({ score }) => score ?? []);
  if (scores.length < weighed.length) return null;
  const ranks = scores.flatMap(({ outlook }) => (outlook === undefined ? [] : [outlook.members]));
  const members = ranks[0]?.length ?? 0;
  if (ranks.length < scores.length || ranks.some(({ length }) => length !== members))
    return scores.map(({ q }) => q.mean);
  return Array.from({ length: members }, (_, member) => ranks.map((rank) => rank[member] ?? 0)).flat();
};

/** The same row as who decided leaves it: of people on call there is what they did, and nothing that a policy proposed. */
export const rowOf = (row: EpisodeRow, { source }: Behaviour): EpisodeRow => {
  if (source === "agent") return row;
  return {
    ...row,
    source,
    stage: "",
    proposed: -1,
    probability: null,
    tie_set: row.tie_set.map(() => false),
    epsilon: 0,
    seed: "",
    abstained_because: "",
    q: null,
    human_response: "none",
    human_reason: "",
  };
};

/** The row of one decision. The vectors are those that were scored; costs are in hours of severity-1 impact. */
export const episodeRow = (
  ports: Pick<Ports, "catalogue"> & Readonly<{ guardrails: Pick<Ports["guardrails"], "hash"> }>,
  incident: Incident,
  chapter: Chapter,
  measured: Measured,
  behaviour: Behaviour = { source: "agent" },
): EpisodeRow => {
  const { decision, deed } = chapter;
  const { weighed, result } = decision;
  const ran = deed.exit !== null;
  const executed = executedIndex(chapter, ports.catalogue);
  const harm = harmOf(deed.outcome, ran);
  const asked = result.kind === "chosen" && result.consents > 0;
  const candidate = (index: number) => weighed[index]?.verdict.candidate;
  const row: EpisodeRow = {
    schema_version: 1,
    row_version: 0,
    decision_id: decision.decisionId,
    incident_id: decision.incidentId,
    cluster_id: decision.incidentId,
    step: decision.step,
    decided_at: decision.decidedAtMs,
    source: "agent",
    service: incident.service,
    environment: incident.environment,
    severity: incident.severity,
    features_hash: FEATURES_HASH,
    catalogue_hash: ports.catalogue.hash,
    guardrails_hash: ports.guardrails.hash,
    model_hash: decision.modelHash,
    world_hash: "",
    state: decision.state,
    candidates: weighed.flatMap((one) => one.features),
    candidate_key: weighed.map(keyOf),
    runbook_id: weighed.map((one) => one.verdict.candidate.runbook),
    drafted_by: weighed.map((one) => one.verdict.candidate.source),
    drafter: decision.drafter.name,
    tier: weighed.map((one) => one.verdict.tier),
    consents: weighed.map((one) => (one.verdict.kind === "allowed" ? one.verdict.consents : 0)),
    allowed: weighed.map((one) => one.verdict.kind === "allowed"),
    refused_because: weighed.map((one) => (one.verdict.kind === "refused" ? one.verdict.because.code : "")),
    stage: decision.mode === "observe" ? "shadow" : asked ? "ask" : "auto",
    canary_arm: "",
    arm_probability: 1,
    proposed: result.kind === "chosen" ? result.index : executed,
    probability: weighed.map((one) => one.probability),
    tie_set: weighed.map((one) => one.probability > 0),
    epsilon: typeof decision.draw === "object" ? decision.draw.epsilon : 0,
    seed: decision.seed,
    abstained_because: result.kind === "abstained" ? result.because.code : "",
    q: ranksOf(weighed),
    human_response:
      deed.refusal !== null ? RESPONSE[deed.refusal.kind] : deed.consent?.by === "people" ? "approved" : "none",
    human_reason: deed.refusal?.note ?? "",
    executed,
    executed_runbook: candidate(executed)?.runbook ?? "",
    exit_status: deed.exit === null || deed.exit === "running" ? "none" : deed.exit,
    undone: deed.undone,
    elapsed_minutes: (deed.endedAtMs - decision.decidedAtMs) / 60_000,
    impact_minutes: sum(measured.impact),
    impact_discounted: discountedHours(measured.impact),
    cost_action: actionCost(deed.outcome, ran ? (weighed[executed]?.verdict.tier ?? null) : null),
    cost_harm: harmCost(harm),
    cost_recurrence: 0,
    handover_impact: discountedHours(measured.handover),
    harm,
    recovered: deed.outcome.kind === "recovered",
    recovered_by: recoveredBy(deed.outcome, measured),
    end: measured.end,
    reopened_24h: null,
    matured_at: null,
  };
  return rowOf(row, behaviour);
};
