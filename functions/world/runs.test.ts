import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type AutomationDocument, automationDocument } from "../core/automation-document.ts";
import { FAULTS } from "./faults/all-faults.ts";
import { resourcesOf } from "./graph.ts";
import { runOf, runsOf, startAutomation, stopAutomation } from "./runs.ts";
import { scenarioWith } from "./scenario.ts";
import { shopWith } from "./small-system.fixture.ts";
import { MINUTE_MS, type World } from "./state.ts";
import { impactMinutes, isHealthy } from "./truth.ts";
import { advance, configurationHash, createWorld, fork } from "./world.ts";

const text = (description: string) => ({ type: "String", description });
const rollback = automationDocument("Quell-rollback", {
  schemaVersion: "0.3",
  description: "Deploys the previous task definition and waits for it.",
  assumeRole: "arn:aws:iam::111122223333:role/rollback",
  parameters: { Cluster: text("Cluster"), Service: text("Service"), TaskDefinition: text("Where to go back to") },
  mainSteps: [
    {
      name: "Before",
      action: "aws:executeAwsApi",
      inputs: { Service: "ecs", Api: "DescribeServices", cluster: "{{ Cluster }}", services: ["{{ Service }}"] },
      outputs: [{ Name: "TaskDefinition", Selector: "$.services[0].taskDefinition", Type: "String" }],
    },
    {
      name: "Deploy",
      action: "aws:executeAwsApi",
      inputs: {
        Service: "ecs",
        Api: "UpdateService",
        cluster: "{{ Cluster }}",
        service: "{{ Service }}",
        taskDefinition: "{{ TaskDefinition }}",
      },
    },
    {
      name: "Wait",
      action: "aws:waitForAwsResourceProperty",
      timeoutSeconds: 1200,
      inputs: {
        Service: "ecs",
        Api: "DescribeServices",
        cluster: "{{ Cluster }}",
        services: ["{{ Service }}"],
        PropertySelector: "$.services[0].deployments[0].rolloutState",
        DesiredValues: ["COMPLETED"],
      },
    },
  ],
});
const documents: ReadonlyMap<string, AutomationDocument> = new Map([[rollback.name, rollback]]);

const brokenWorld = (): World => {
  const world = createWorld(scenarioWith(8, 1, "bad-ecs-deployment"));
  advance(world, world.scenario.onsetMs + 10 * MINUTE_MS);
  return world;
};

const requestFor = (world: World, clientToken: string) => {
  const [service] = resourcesOf(world, [String(world.faults[0]?.parameters.arn)]);
  const taskDefinition = String(service?.attributes.previousTaskDefinition);
  return {
    documentName: rollback.name,
    documentHash: rollback.hash,
    parameters: { Cluster: service?.root ?? "", Service: service?.name ?? "", TaskDefinition: taskDefinition },
    clientToken,
    tags: { incident: "quell-x" },
  };
};

const started = (answer: ReturnType<typeof startAutomation>): string =>
  answer.kind === "started" ? answer.executionId : "";

test("a run takes simulated minutes, heals the world and leaves its outputs in the ledger", () => {
  const world = brokenWorld();
  const startMs = world.nowMs;

  const executionId = started(startAutomation(world, documents, requestFor(world, "token-1")));
  const atOnce = runOf(world, executionId)?.status;
  advance(world, startMs + 15 * MINUTE_MS);
  const run = runOf(world, executionId);

  assert.equal(atOnce, "running");
  assert.equal(run?.status, "succeeded");
  assert.ok(Number(run?.endedAtMs) - startMs > MINUTE_MS && Number(run?.endedAtMs) - startMs < 10 * MINUTE_MS);
  assert.equal(run?.outputs["Before.TaskDefinition"], world.faults[0]?.memory.bad);
  assert.equal(isHealthy(world), true);
  assert.deepEqual(
    world.effects.map(({ caller, call }) => [caller.executionId, call.api]),
    [[executionId, "UpdateService"]],
  );
});

test("the same client token finds the same run, and is refused for anything else", () => {
  const world = brokenWorld();
  const request = requestFor(world, "token-1");

  const first = startAutomation(world, documents, request);
  const again = startAutomation(world, documents, request);
  const other = startAutomation(world, documents, { ...request, parameters: { ...request.parameters, Service: "x" } });

  assert.deepEqual(again, first);
  assert.equal(other.kind, "refused");
  assert.equal(runsOf(world).length, 1);
  assert.equal(world.inputs.length, 1);
});

test("a document that is unknown, or whose content has another hash, does not start", () => {
  const world = brokenWorld();
  const request = requestFor(world, "token-1");

  const unknown = startAutomation(world, documents, { ...request, documentName: "AWS-RunShellScript" });
  const edited = startAutomation(world, documents, { ...request, documentHash: "0".repeat(64) });

  assert.deepEqual([unknown.kind, edited.kind], ["refused", "refused"]);
  assert.deepEqual([world.runs.length, world.inputs.length, world.effects.length], [0, 0, 0]);
});

test("parameters that SSM would refuse are refused, and start nothing", () => {
  const world = brokenWorld();
  const request = requestFor(world, "token-1");

  const answer = startAutomation(world, documents, { ...request, parameters: { Cluster: "only" } });

  assert.equal(answer.kind, "refused");
  assert.equal(world.runs.length, 0);
});

test("a stopped run does nothing more", () => {
  const world = brokenWorld();
  const executionId = started(startAutomation(world, documents, requestFor(world, "token-1")));

  stopAutomation(world, executionId);
  advance(world, world.nowMs + 10 * MINUTE_MS);
  stopAutomation(world, executionId);
  stopAutomation(world, "never-was");

  assert.equal(runOf(world, executionId)?.status, "stopped");
  assert.deepEqual([world.effects.length, isHealthy(world)], [0, false]);
});

test("a run that fails names its step and leaves the configuration alone", () => {
  const world = brokenWorld();
  const hash = configurationHash(world);
  const request = requestFor(world, "token-1");

  const executionId = started(
    startAutomation(world, documents, {
      ...request,
      parameters: { ...request.parameters, TaskDefinition: "nothing:1" },
    }),
  );
  advance(world, world.nowMs + 5 * MINUTE_MS);

  const run = runOf(world, executionId);
  assert.deepEqual([run?.status, run?.failedStep], ["failed", "Deploy"]);
  assert.match(run?.reason ?? "", /ClientException/);
  assert.equal(configurationHash(world), hash);
});

test("impact is counted by the minute, adds up over any division of time, and stays within the minutes", () => {
  const world = brokenWorld();
  advance(world, world.nowMs + 7 * MINUTE_MS + 12_345);
  const { onsetMs } = world.scenario;
  const middleMs = onsetMs + 4 * MINUTE_MS + 777;

  const whole = impactMinutes(world, onsetMs, world.nowMs);
  const parts = impactMinutes(world, onsetMs, middleMs) + impactMinutes(world, middleMs, world.nowMs);

  assert.ok(Math.abs(whole - parts) < 1e-9);
  assert.ok(impactMinutes(world, world.nowMs - 10_000, world.nowMs) > 0.01);
  assert.ok(whole > 0.5 && whole < (world.nowMs - onsetMs) / MINUTE_MS);
  assert.ok(impactMinutes(world, world.clockStartMs, onsetMs) < 0.3);
});

test("the impact of a span is the same whether it is read as the span ends or once its last minute has closed", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 5 * MINUTE_MS }),
      fc.integer({ min: 1, max: 10 * MINUTE_MS }),
      (beforeMs, ms) => {
        const world = createWorld(shopWith(1, 0, "bad-ecs-deployment"));
        const fromMs = world.scenario.onsetMs - beforeMs;
        advance(world, fromMs + ms);

        const asItEnds = impactMinutes(world, fromMs, fromMs + ms);

        advance(world, fromMs + ms + 5 * MINUTE_MS);
        const later = impactMinutes(world, fromMs, fromMs + ms);
        assert.ok(Math.abs(asItEnds - later) < 1e-9, `${asItEnds} and ${later}`);
      },
    ),
    { numRuns: 30 },
  );
});

const looking = automationDocument("Quell-looking", {
  schemaVersion: "0.3",
  description: "Looks at a service again and again, and changes nothing.",
  assumeRole: "arn:aws:iam::111122223333:role/looking",
  parameters: {
    Cluster: { type: "String", description: "Cluster" },
    Service: { type: "String", description: "Service" },
  },
  mainSteps: [
    {
      name: "Wait",
      action: "aws:waitForAwsResourceProperty",
      timeoutSeconds: 900,
      inputs: {
        Service: "ecs",
        Api: "DescribeServices",
        cluster: "{{ Cluster }}",
        services: ["{{ Service }}"],
        PropertySelector: "$.services[0].status",
        DesiredValues: ["INACTIVE"],
      },
    },
  ],
});

test("a run that only looks changes nothing of what users get, to the byte", () => {
  for (const { id } of FAULTS.slice(0, 24)) {
    const world = createWorld(scenarioWith(8, 2, id));
    advance(world, world.scenario.onsetMs + 10 * MINUTE_MS);
    const observed = fork(world);
    const parameters = { Cluster: "nowhere", Service: "nothing" };
    const request = {
      documentName: looking.name,
      documentHash: looking.hash,
      parameters,
      clientToken: "look",
      tags: {},
    };
    startAutomation(observed, new Map([[looking.name, looking]]), request);

    for (const one of [world, observed]) advance(one, one.nowMs + 40 * MINUTE_MS);

    assert.deepEqual(observed.minutes, world.minutes, id);
    assert.deepEqual(observed.flows, world.flows, id);
  }
});
