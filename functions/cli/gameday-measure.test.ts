import assert from "node:assert/strict";
import { test } from "node:test";
import { catalogue } from "../../runbooks/catalogue.ts";
import { documentsOf } from "../adapters/simulated/actuator.ts";
import type { EpisodeRow } from "../core/episode.ts";
import type { Params } from "../core/runbook.ts";
import { startAutomation } from "../world/runs.ts";
import { scenarioWith } from "../world/scenario.ts";
import { arnsOf } from "../world/topology.ts";
import type { WorldRun } from "../world/types.ts";
import { advance, createWorld, eventLog } from "../world/world.ts";
import { duplicatedEffects, harmfulActions, meanReturn, worldAt } from "./gameday-measure.ts";

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

const HEALTHY = scenarioWith(2, 0, "none");
const DOCUMENTS = documentsOf(catalogue);

/** A healthy world in which this runbook was run 80 minutes after its clock's start, 10 minutes later. */
const worldAfter = (runbookId: string, parameters: Params, role = "run") => {
  const world = createWorld(HEALTHY);
  advance(world, world.clockStartMs + 80 * 60_000);
  const document = catalogue.runbooks.find(({ id }) => id === runbookId)?.documents?.automation;
  const { name: documentName = "", hash: documentHash = "" } = document ?? {};
  const tags = { incident: "quell-one", decision: "quell-one/0", role };
  const request = { documentName, documentHash, parameters, clientToken: `${runbookId} ${role}`, tags };
  assert.equal(startAutomation(world, DOCUMENTS, request).kind, "started");
  advance(world, world.nowMs + 10 * 60_000);
  return world;
};

const DATABASE = { DBInstanceIdentifier: arnsOf(HEALTHY.topology).database.split(":").at(-1) ?? "" };

test("rebooting a healthy database is harmful: the world without it has an impact-minute less", () => {
  const world = worldAfter("rds-reboot", DATABASE);

  const harmful = harmfulActions(HEALTHY, DOCUMENTS, world.inputs);

  assert.equal(harmful, 1);
});

test("an action that changes nothing for users is not harmful, and an undo is never counted as an action", () => {
  const { topology } = HEALTHY;
  const [cluster, service] = arnsOf(topology).front.split("/").slice(1);
  const scaled = worldAfter("ecs-scale-out", {
    Cluster: cluster ?? "",
    Service: service ?? "",
    DesiredCount: topology.frontTasks + 2,
    ExpectedDesiredCount: topology.frontTasks,
  });
  const undone = worldAfter("rds-reboot", DATABASE, "undo");

  assert.equal(harmfulActions(HEALTHY, DOCUMENTS, scaled.inputs), 0);
  assert.equal(harmfulActions(HEALTHY, DOCUMENTS, undone.inputs), 0);
});

test("a world rebuilt from its scenario and its inputs is the same to the byte", () => {
  const world = worldAfter("rds-reboot", DATABASE);

  const rebuilt = worldAt(HEALTHY, DOCUMENTS, JSON.parse(JSON.stringify(world.inputs)), world.nowMs);

  assert.equal(eventLog(rebuilt), eventLog(world));
});
