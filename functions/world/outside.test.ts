import assert from "node:assert/strict";
import { before, test } from "node:test";
import { parse } from "yaml";
import { z } from "zod";
import { catalogueOf, catalogue as shipped } from "../../runbooks/catalogue.ts";
import { automationDocument } from "../core/automation-document.ts";
import type { Resource } from "../core/evidence.ts";
import type { Runbook } from "../core/runbook.ts";
import { lintCatalogue } from "../core/runbook-lint.ts";
import { type Flown, play } from "../handlers/flow.fixture.ts";
import { FAULTS } from "./faults/all-faults.ts";
import { type Fault, stateAt } from "./faults/fault.ts";
import { placeOf } from "./faults/place.ts";
import { shows } from "./faults/symptom.ts";
import { presentFaults } from "./people/knowledge.ts";
import { isEcsService, scale } from "./resources/ecs-deployments.ts";
import { scenarioWith } from "./scenario.ts";
import { SHOP } from "./small-system.fixture.ts";
import { createWorld } from "./world.ts";

/** Everything that somebody writes who adds a fault and its cure from outside: this file, and no other. */
const KEPT_TASKS = 1;
const USUAL_TASKS = 8;

/** A nightly job left a service with one task when the day began. */
const nightSchedule: Fault = {
  id: "night-schedule",
  family: "config",
  likelihood: 1,
  needs: ["ecs-service"],
  draw: (system, stream) => ({ arn: placeOf(system, `${stream}|where`, isEcsService).arn }),
  remedies: () => [{ runbook: "end-night-schedule", at: "arn", does: "heals" }],
  course: () => ({ kind: "persists" }),
  symptoms: (system, { arn }) => [shows(system, String(arn), ["CPUUtilization", "Average"], "up", 20)],
  start: (world, active) => {
    const service = stateAt(world, active, "arn", isEcsService);
    active.memory = { tasks: service.desiredCount };
    scale(world, service, KEPT_TASKS);
  },
  isPresent: (world, active) => stateAt(world, active, "arn", isEcsService).desiredCount <= KEPT_TASKS,
  heal: (world, active, act) => {
    const { cluster, name } = stateAt(world, active, "arn", isEcsService);
    const input = { cluster, service: name, desiredCount: Number(active.memory.tasks) };
    act({ service: "ecs", api: "UpdateService", input });
  },
};

const AUTOMATION = `
schemaVersion: "0.3"
description: Ends a night schedule that nobody ended in the morning.
assumeRole: "arn:{{ global:AWS_PARTITION }}:iam::{{ global:ACCOUNT_ID }}:role/quell-runbook-end-night-schedule"
parameters:
  Cluster:
    type: String
    description: Name of the cluster.
    allowedPattern: "^[A-Za-z0-9_][A-Za-z0-9_-]{0,254}$"
  Service:
    type: String
    description: Name of the service.
    allowedPattern: "^[A-Za-z0-9_][A-Za-z0-9_-]{0,254}$"
outputs:
  - CaptureService.Cluster
  - CaptureService.Service
  - CaptureService.PreviousDesiredCount
mainSteps:
  - name: AssertNight
    action: aws:assertAwsResourceProperty
    maxAttempts: 3
    inputs:
      Service: ecs
      Api: DescribeServices
      cluster: "{{ Cluster }}"
      services: ["{{ Service }}"]
      PropertySelector: $.services[0].desiredCount
      DesiredValues: ["${KEPT_TASKS}"]
  - name: CaptureService
    action: aws:executeAwsApi
    maxAttempts: 3
    inputs:
      Service: ecs
      Api: DescribeServices
      cluster: "{{ Cluster }}"
      services: ["{{ Service }}"]
    outputs:
      - { Name: Cluster, Selector: "$.services[0].clusterArn", Type: String }
      - { Name: Service, Selector: "$.services[0].serviceName", Type: String }
      - { Name: PreviousDesiredCount, Selector: "$.services[0].desiredCount", Type: Integer }
  - name: UpdateService
    action: aws:executeAwsApi
    inputs:
      Service: ecs
      Api: UpdateService
      cluster: "{{ Cluster }}"
      service: "{{ Service }}"
      desiredCount: ${USUAL_TASKS}
  - name: WaitUntilRunning
    action: aws:waitForAwsResourceProperty
    timeoutSeconds: 600
    isEnd: true
    inputs:
      Service: ecs
      Api: DescribeServices
      cluster: "{{ Cluster }}"
      services: ["{{ Service }}"]
      PropertySelector: $.services[0].runningCount
      DesiredValues: ["${USUAL_TASKS}"]
`;

const UNDO = `
schemaVersion: "0.3"
description: Gives the service the number of tasks that it wanted before.
assumeRole: "arn:{{ global:AWS_PARTITION }}:iam::{{ global:ACCOUNT_ID }}:role/quell-runbook-end-night-schedule"
parameters:
  Cluster:
    type: String
    description: ARN of the cluster.
    allowedPattern: "^arn:aws[a-z-]{0,20}:ecs:[a-z0-9-]{1,25}:[0-9]{12}:cluster/[A-Za-z0-9_][A-Za-z0-9_-]{0,254}$"
  Service:
    type: String
    description: Name of the service.
    allowedPattern: "^[A-Za-z0-9_][A-Za-z0-9_-]{0,254}$"
  PreviousDesiredCount:
    type: Integer
    description: Number of tasks that the service wanted before.
mainSteps:
  - name: AssertOurs
    action: aws:assertAwsResourceProperty
    maxAttempts: 3
    inputs:
      Service: ecs
      Api: DescribeServices
      cluster: "{{ Cluster }}"
      services: ["{{ Service }}"]
      PropertySelector: $.services[0].desiredCount
      DesiredValues: ["${USUAL_TASKS}", "{{ PreviousDesiredCount }}"]
  - name: UpdateService
    action: aws:executeAwsApi
    maxAttempts: 3
    isEnd: true
    inputs:
      Service: ecs
      Api: UpdateService
      cluster: "{{ Cluster }}"
      service: "{{ Service }}"
      desiredCount: "{{ PreviousDesiredCount }}"
`;

const name = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_-]{0,254}$/);

const aim = ({ arn, attributes }: Resource) => {
  const [, Cluster, Service] = arn.split("/");
  if (attributes.desiredCount !== KEPT_TASKS || Cluster === undefined || Service === undefined) return null;
  return { Cluster, Service };
};

const endNightSchedule: Runbook = {
  id: "end-night-schedule",
  version: "1.0.0",
  title: "Run the usual tasks again",
  kind: "effect",
  effect: "Tasks start; the one that runs goes on.",
  targetType: "AWS::ECS::Service",
  parameters: z.strictObject({ Cluster: name, Service: name }),
  tier: 0,
  reversal: "inverse",
  documents: {
    automation: automationDocument("Quell-end-night-schedule", parse(AUTOMATION)),
    undo: automationDocument("Quell-end-night-schedule-undo", parse(UNDO)),
  },
  expectedMinutes: 3,
  cooldownSeconds: 1800,
  whenRecovered: "finish",
  treats: ["AWS/ECS/CPUUtilization"],
  endsDeployment: false,
  blastRadius: ({ zones }) => ({ share: 0, resources: 1, zones, dataStore: false, capacity: null }),
  suitsWhen: "A service that should run several tasks wants one.",
  aim,
  suits: ({ resources }) =>
    resources.flatMap((target) => {
      const params = target.type === "AWS::ECS::Service" ? aim(target) : null;
      if (params === null) return [];
      return [{ target: target.arn, params, fit: 0.95, because: `${target.name} wants one task.`, evidence: [] }];
    }),
};

const faults = [...FAULTS, nightSchedule];
const catalogue = catalogueOf([...shipped.runbooks, endNightSchedule]);
const scenario = scenarioWith(1, 0, nightSchedule.id, { faults, topology: SHOP });

let flown: Flown;
before(async () => {
  flown = await play({ scenario, faults, catalogue });
});

test("a fault and a runbook that one file outside the tree defines are linted, drawn and played like any other", () => {
  const world = createWorld(scenario, faults);

  assert.deepEqual(lintCatalogue(catalogue), []);
  assert.notEqual(catalogue.hash, shipped.hash);
  assert.deepEqual(
    world.faults.map(({ id }) => id),
    [nightSchedule.id],
  );
});

test("the deployed handler resolves the incident of a fault from outside by the runbook from outside, and by nothing else", () => {
  const { incidents, records, runs, world } = flown;

  assert.deepEqual(
    incidents.map(({ terminal }) => terminal),
    ["RESOLVED"],
  );
  assert.deepEqual(
    records.flatMap(({ effects }) => effects.map(({ runbook }) => runbook)),
    [endNightSchedule.id],
  );
  assert.deepEqual(
    runs.map(({ documentName, status }) => [documentName, status]),
    [[endNightSchedule.documents?.automation.name, "succeeded"]],
  );
  assert.deepEqual([presentFaults(world), world.pages], [[], []]);
});

test("what one file defines is unknown to everybody else: the shipped catalogue and faults have none of it", () => {
  assert.throws(() => scenarioWith(1, 0, nightSchedule.id), RangeError);
  assert.equal(
    shipped.runbooks.some(({ id }) => id === endNightSchedule.id),
    false,
  );
});
