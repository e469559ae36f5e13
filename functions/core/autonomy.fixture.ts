import type { AutonomyEvent, Cell } from "./autonomy-evidence.ts";
import type { EpisodeRow } from "./episode.ts";
import { CANDIDATE_FEATURES } from "./features.ts";

export const DAY_MS = 24 * 3_600_000;
const MINUTE_MS = 60_000;

const vector = (set: string): readonly number[] => CANDIDATE_FEATURES.map((name) => (name === set ? 1 : 0));

/** Three candidates: an effect of tier 1, `wait`, and `page`. */
export const EFFECT = 0;
export const WAIT = 1;
export const PAGE = 2;

/** An agent's decision in production, an hour after the last one with a lower number; its incident is a cluster of its own. */
export const rowWith = (number: number, changed: Partial<EpisodeRow> = {}): EpisodeRow => {
  const decided_at = number * 3_600_000;
  const incident_id = `quell-${number}`;
  return {
    ...{ schema_version: 1, row_version: 1, step: 0, decided_at, severity: 2 },
    ...{ decision_id: `${incident_id}/0`, incident_id, cluster_id: incident_id },
    ...{ source: "agent", service: "shop", environment: "production" },
    ...{ features_hash: "", catalogue_hash: "", guardrails_hash: "", model_hash: "", world_hash: "" },
    ...{ state: [], candidates: [...vector("effect"), ...vector("waits"), ...vector("pages")] },
    candidate_key: ["ecs-rollback@1#", "wait@1#", "page@1#"],
    runbook_id: ["ecs-rollback", "wait", "page"],
    ...{ drafted_by: ["rules", "always", "always"], drafter: "offline", tier: [1, 0, 0], consents: [1, 0, 0] },
    ...{ allowed: [true, true, true], refused_because: ["", "", ""] },
    ...{ stage: "ask", canary_arm: "", arm_probability: 1, proposed: EFFECT, probability: [1, 0, 0] },
    ...{ tie_set: [true, false, false], epsilon: 0, seed: "", abstained_because: "", q: null },
    ...{ human_response: "approved", human_reason: "", executed: EFFECT, executed_runbook: "ecs-rollback" },
    ...{ exit_status: "succeeded", undone: false, elapsed_minutes: 10, impact_minutes: 0, impact_discounted: 0 },
    ...{ cost_action: 0, cost_harm: 0, cost_recurrence: 0, handover_impact: 0 },
    ...{ harm: "none", recovered: true, recovered_by: "action", end: "recovered", reopened_24h: false },
    matured_at: decided_at + 10 * MINUTE_MS + DAY_MS,
    ...changed,
  };
};

/** What is different where nothing ran, because the policy chose to wait. */
export const WAITED: Partial<EpisodeRow> = {
  ...{ stage: "auto", human_response: "none", proposed: WAIT, probability: [0, 1, 0] },
  ...{ executed: WAIT, executed_runbook: "wait", exit_status: "none" },
  ...{ recovered: false, recovered_by: "", end: "none", elapsed_minutes: 5 },
};

/** What is different where it was proposed and people said no. */
export const VETOED: Partial<EpisodeRow> = {
  ...{ human_response: "rejected", human_reason: "too-risky" },
  ...{ executed: WAIT, executed_runbook: "wait", exit_status: "none" },
  ...{ recovered: false, recovered_by: "human", end: "handed_over" },
};

export const CELL: Cell = { runbook: "ecs-rollback", environment: "production" };

/** The trial that a cluster comes to, a day after the one before. */
export const trial = (
  day: number,
  changed: Partial<Extract<AutonomyEvent, { kind: "trial" }>> = {},
): AutonomyEvent => ({
  ...CELL,
  ...{ kind: "trial", atMs: day * DAY_MS, cluster: `day-${day}`, modelHash: "" },
  ...{ ran: true, vetoed: false, harmed: false, recovered: true },
  ...changed,
});

/** A wait of that day. */
export const wait = (day: number, recovered = false): AutonomyEvent => ({
  ...{ kind: "waited", atMs: day * DAY_MS, cluster: `wait-${day}`, environment: CELL.environment },
  ...{ runbooks: [CELL.runbook], recovered },
});

/** A harm of that day that was seen. */
export const confirmed = (day: number): AutonomyEvent => ({
  ...CELL,
  ...{ kind: "confirmed", atMs: day * DAY_MS, cluster: `day-${day}`, decisionId: `quell-${day}/0` },
});
