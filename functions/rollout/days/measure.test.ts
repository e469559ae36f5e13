import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { catalogue } from "../../../runbooks/catalogue.ts";
import { documentsOf } from "../../adapters/simulated/actuator.ts";
import type { EpisodeRow } from "../../core/episode.ts";
import type { Params } from "../../core/runbook.ts";
import { resourcesOf } from "../../world/graph.ts";
import { applyInput } from "../../world/replay.ts";
import { startAutomation } from "../../world/runs.ts";
import type { Scenario } from "../../world/scenario.ts";
import { shopArns, shopWith } from "../../world/small-system.fixture.ts";
import { impactMinutes } from "../../world/truth.ts";
import type { WorldInput, WorldRun } from "../../world/types.ts";
import { advance, createWorld, eventLog } from "../../world/world.ts";
import { costOf, duplicatedEffects, harmfulActions, worldAt } from "./measure.ts";

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

test("the cost of decisions is the sum of what each one cost, its newest row alone, in whatever order they come", () => {
  const rows = [row("a", 0, 1, 0.5), row("a", 0, 0, 9), row("a", 1, 0, 1)];

  const costs = [costOf(rows), costOf(rows.toReversed()), costOf([])];

  assert.deepEqual(costs, [0.5 + 0.25 + 1 + 0.25, 0.5 + 0.25 + 1 + 0.25, 0]);
});

const HEALTHY = shopWith(2, 0);
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

const DATABASE = { DBInstanceIdentifier: "shop-db" };

test("rebooting a healthy database is harmful: the world without it has an impact-minute less", () => {
  const world = worldAfter("rds-reboot", DATABASE);

  const harmful = harmfulActions(HEALTHY, DOCUMENTS, world.inputs);

  assert.equal(harmful, 1);
});

test("an action that changes nothing for users is not harmful, and an undo is never counted as an action", () => {
  const [web] = resourcesOf(createWorld(HEALTHY), [shopArns(createWorld(HEALTHY).system).front]);
  const tasks = Number(web?.attributes.desiredCount);
  const counts = { DesiredCount: tasks + 2, ExpectedDesiredCount: tasks };
  const scaled = worldAfter("ecs-scale-out", { Cluster: "shop-prod", Service: "shop-web", ...counts });
  const undone = worldAfter("rds-reboot", DATABASE, "undo");

  assert.equal(harmfulActions(HEALTHY, DOCUMENTS, scaled.inputs), 0);
  assert.equal(harmfulActions(HEALTHY, DOCUMENTS, undone.inputs), 0);
});

test("a world rebuilt from its scenario and its inputs is the same to the byte", () => {
  const world = worldAfter("rds-reboot", DATABASE);

  const rebuilt = worldAt(HEALTHY, DOCUMENTS, JSON.parse(JSON.stringify(world.inputs)), world.nowMs);

  assert.equal(eventLog(rebuilt), eventLog(world));
});

/** Slow and obvious: no fork, each of the two worlds of an action from the beginning. */
const harmfulFromScratch = (scenario: Scenario, inputs: readonly WorldInput[]): number =>
  inputs.filter((input, index) => {
    if (input.kind !== "start-automation" || input.tags.role === "undo") return false;
    const [without = 0, withIt = 0] = [index, index + 1].map((count) => {
      const world = worldAt(scenario, DOCUMENTS, inputs.slice(0, count), input.atMs + 30 * 60_000);
      return impactMinutes(world, input.atMs, world.nowMs);
    });
    return withIt - without > 1;
  }).length;

/** Reboots of a healthy database, so many minutes after each other; a page after each. */
const rebootedAfter = (gaps: readonly number[]): readonly WorldInput[] => {
  const world = createWorld(HEALTHY);
  advance(world, world.clockStartMs + 80 * 60_000);
  const { name = "", hash = "" } =
    catalogue.runbooks.find(({ id }) => id === "rds-reboot")?.documents?.automation ?? {};
  for (const [index, minutes] of gaps.entries()) {
    advance(world, world.nowMs + minutes * 60_000);
    const tags = { incident: "quell-one", decision: `quell-one/${index}`, role: "run" };
    const request = { documentName: name, documentHash: hash, parameters: DATABASE, clientToken: `${index}`, tags };
    startAutomation(world, DOCUMENTS, request);
    applyInput(world, DOCUMENTS, { kind: "page", atMs: world.nowMs, incidentId: `quell-${index}` });
  }
  return world.inputs;
};

test("actions are harmful that a world built from its beginning fares better without, however close they follow", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(1, 12, 29, 30, 31, 50), { minLength: 1, maxLength: 4 }), (gaps) => {
      const inputs = rebootedAfter(gaps);

      const harmful = harmfulActions(HEALTHY, DOCUMENTS, inputs);

      assert.ok(harmful > 0);
      assert.equal(harmful, harmfulFromScratch(HEALTHY, inputs));
    }),
    { numRuns: 12 },
  );
});
