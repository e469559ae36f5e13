import assert from "node:assert/strict";
import { test } from "node:test";
import type { EpisodeRow } from "../core/episode.ts";
import type { WorldRun } from "../world/types.ts";
import { duplicatedEffects, meanReturn } from "./gameday-measure.ts";

const run = (clientToken: string, decision: string, role: string): WorldRun => ({
  executionId: `run-${clientToken}`,
  clientToken,
  documentName: "Quell-x",
  documentHash: "",
  parameters: {},
  tags: { incident: "quell-one", decision, role },
  status: "succeeded",
  failedStep: null,
  reason: null,
  outputs: {},
  startedAtMs: 0,
  endedAtMs: 1,
});

test("a run and its undo, and runs of two decisions, are no duplicates", () => {
  const runs = [run("a", "quell-one/0", "run"), run("b", "quell-one/0", "undo"), run("c", "quell-one/1", "run")];

  assert.equal(duplicatedEffects(runs), 0);
});

test("a second run of one decision and role is a duplicate, whatever its client token", () => {
  const runs = [run("a", "quell-one/0", "run"), run("b", "quell-one/0", "run")];

  assert.equal(duplicatedEffects(runs), 1);
});

test("a client token with two runs is a duplicate, whatever the tags say", () => {
  const runs = [run("a", "quell-one/0", "run"), run("a", "quell-one/1", "run")];

  assert.equal(duplicatedEffects(runs), 1);
});

const row = (incident_id: string, step: number, row_version: number, impact_discounted: number): EpisodeRow =>
  ({
    decision_id: `${incident_id}/${step}`,
    incident_id,
    row_version,
    impact_discounted,
    cost_action: 0.25,
    cost_harm: 0,
    cost_recurrence: 0,
    handover_impact: 0,
  }) as unknown as EpisodeRow;

test("the return is minus the mean cost of an incident, the newest version of every row alone", () => {
  const incident = (id: string) => ({ id, terminal: "RESOLVED", minutesToRecover: 1, trouble: null }) as const;
  const worlds = [{ incidents: [incident("a"), incident("b")] }] as unknown as Parameters<typeof meanReturn>[0];
  const rows = [row("a", 0, 1, 0.5), row("a", 0, 0, 9), row("a", 1, 0, 1), row("stranger", 0, 0, 9)];

  const value = meanReturn(worlds, rows);

  assert.equal(value, -(0.5 + 0.25 + 1 + 0.25) / 2);
});
