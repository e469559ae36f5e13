import assert from "node:assert/strict";
import { test } from "node:test";
import type { EpisodeRow } from "../../core/episode.ts";
import { openDatabase } from "./database.ts";
import { sqliteEpisodes } from "./episodes.ts";

const row = (decisionId: string, rowVersion: number, service = "shop"): EpisodeRow => ({
  schema_version: 1,
  row_version: rowVersion,
  decision_id: decisionId,
  incident_id: "quell-a",
  cluster_id: "quell-a",
  step: 0,
  decided_at: 1_790_000_000_000,
  source: "agent",
  service,
  environment: "prod",
  severity: 0.25,
  features_hash: "f",
  catalogue_hash: "c",
  guardrails_hash: "g",
  model_hash: "m",
  world_hash: "w",
  state: [0.1, -1e-9],
  candidates: [0, 1],
  candidate_key: ["nothing@", "restart@web"],
  runbook_id: ["nothing", "restart"],
  drafted_by: ["always", "rules"],
  drafter: "offline",
  tier: [0, 1],
  consents: [0, 1],
  allowed: [true, false],
  refused_because: ["", "cooldown"],
  stage: "auto",
  canary_arm: "",
  arm_probability: 1,
  proposed: 0,
  probability: null,
  tie_set: [true, false],
  epsilon: 0,
  seed: "s",
  abstained_because: "",
  q: null,
  human_response: "none",
  human_reason: 'quotes " and \n lines',
  executed: 0,
  executed_runbook: "nothing",
  exit_status: "none",
  undone: false,
  elapsed_minutes: 5,
  impact_minutes: 1.5,
  impact_discounted: 1.25,
  cost_action: 0,
  cost_harm: 0,
  cost_recurrence: 0,
  handover_impact: 0,
  harm: "none",
  recovered: true,
  recovered_by: "self",
  end: "recovered",
  reopened_24h: null,
  matured_at: null,
});

test("the same decision and row version keeps its first row; another version is another row", async () => {
  const episodes = sqliteEpisodes(openDatabase(":memory:"));

  await episodes.append(row("quell-a/0", 1));
  await episodes.append(row("quell-a/0", 1, "changed"));
  await episodes.append(row("quell-a/0", 2));
  await episodes.append(row("quell-a/1", 1));

  assert.deepEqual(episodes.rows(), [row("quell-a/0", 1), row("quell-a/0", 2), row("quell-a/1", 1)]);
});
