import assert from "node:assert/strict";
import { test } from "node:test";
import type { Series } from "../../functions/core/evidence.ts";
import { call } from "../../functions/world/aws-api.ts";
import { runOf, startAutomation } from "../../functions/world/runs.ts";
import { scenarioWith } from "../../functions/world/scenario.ts";
import { advance, createWorld, fork } from "../../functions/world/world.ts";
import { described } from "../automation.fixture.ts";
import { contextWith, minutes, resource, series } from "../context.fixture.ts";
import { runbookContract } from "../contract.ts";
import { numberOf, textOf } from "../facts.ts";
import { resourceWith } from "../resource.fixture.ts";
import { sqsRedrive } from "./runbook.ts";

const world = createWorld(scenarioWith(7, 3, "dlq-after-outage"));
advance(world, world.scenario.onsetMs + 600_000);
const target = resourceWith(
  world,
  "AWS::SQS::Queue",
  "deadLetterSourceQueue",
  String(world.faults[0]?.parameters.dead),
);

const params = {
  QueueUrl: textOf(target, "queueUrl") ?? "",
  QueueArn: target.arn,
  ExpectedMessages: numberOf(target, "approximateNumberOfMessages") ?? 0,
};

runbookContract(sqsRedrive, {
  world,
  target: target.arn,
  params,
  spoil: { service: "sqs", api: "StartMessageMoveTask", input: { SourceArn: target.arn } },
  shows: {
    call: { service: "sqs", api: "ListMessageMoveTasks", input: { SourceArn: target.arn } },
    selector: "$.Results[0].Status",
    value: "RUNNING",
  },
  changes: ["sqs:StartMessageMoveTask"],
});

test("a task that somebody cancels ends the run within a minute, as failed", () => {
  const later = fork(world);
  const { automation } = sqsRedrive.documents ?? {};
  assert.ok(automation !== undefined);
  const request = { documentName: automation.name, documentHash: automation.hash, parameters: params };
  const documents = new Map([[automation.name, automation]]);
  const started = startAutomation(later, documents, { ...request, clientToken: "redrive", tags: {} });
  assert.ok(started.kind === "started");
  advance(later, later.nowMs + 30_000);
  const tasks = { service: "sqs", api: "ListMessageMoveTasks", input: { SourceArn: target.arn } };
  const input = { TaskHandle: described(later, tasks, "$.Results[0].TaskHandle") };
  assert.ok(
    call(later, { executionId: null, person: "somebody" }, { ...tasks, api: "CancelMessageMoveTask", input }).ok,
  );

  advance(later, later.nowMs + 60_000);

  const run = runOf(later, started.executionId);
  assert.deepEqual([run?.status, run?.failedStep], ["failed", "AssertMoved"]);
});

test("no more messages are moved than fit the time that it is said to take", () => {
  const most = (sqsRedrive.expectedMinutes ?? 0) * 60 * 50;

  const taken = [most, most + 1].map(
    (ExpectedMessages) => sqsRedrive.parameters.safeParse({ ...params, ExpectedMessages }).success,
  );

  assert.deepEqual(taken, [true, false]);
});

const source = "arn:aws:sqs:eu-west-1:111122223333:orders";
const fitWith = (depth: (minutesAgo: number) => number, more: readonly Series[] = []): number | undefined => {
  const attributes = {
    queueUrl: "https://sqs.eu-west-1.amazonaws.com/111122223333/orders-dead",
    approximateNumberOfMessages: depth(0),
    deadLetterSourceQueue: source,
    messageMoveTaskRunning: false,
  };
  const resources = [
    resource(`${source}-dead`, "AWS::SQS::Queue", { attributes }),
    resource(source, "AWS::SQS::Queue", { dependsOn: [`${source}-dead`] }),
  ];
  const letters = series(`${source}-dead`, "ApproximateNumberOfMessagesVisible", minutes(60, depth));
  return sqsRedrive.suits(contextWith({ resources, series: [letters, ...more] }))[0]?.fit;
};
const jump = (minutesAgo: number): number => (minutesAgo <= 12 ? 900 : 0);

test("dead letters that came at once and are no more now are a strong match for a redrive", () => {
  const fit = fitWith(jump);

  assert.ok((fit ?? 0) > 0.7, `${fit}`);
});

test("a redrive is doubtful while messages still die, and where its queue is late", () => {
  const age = series(
    source,
    "ApproximateAgeOfOldestMessage",
    minutes(60, (minutesAgo) => (minutesAgo <= 12 ? 900 : 1)),
  );

  const fits = [fitWith((minutesAgo) => Math.max(0, 900 - 60 * minutesAgo)), fitWith(jump, [age])];

  assert.ok(
    fits.every((fit) => fit !== undefined && fit < 0.45),
    `${fits}`,
  );
});

test("old dead letters are of another incident", () => {
  const fit = fitWith(() => 900);

  assert.ok((fit ?? 1) < 0.45, `${fit}`);
});
