import assert from "node:assert/strict";
import { test } from "node:test";
import type { Series } from "../../functions/core/evidence.ts";
import { scenarioWith } from "../../functions/world/scenario.ts";
import { advance, createWorld } from "../../functions/world/world.ts";
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

runbookContract(sqsRedrive, {
  world,
  target: target.arn,
  params: {
    QueueUrl: textOf(target, "queueUrl") ?? "",
    QueueArn: target.arn,
    ExpectedMessages: numberOf(target, "approximateNumberOfMessages") ?? 0,
  },
  spoil: { service: "sqs", api: "StartMessageMoveTask", input: { SourceArn: target.arn } },
  shows: {
    call: { service: "sqs", api: "ListMessageMoveTasks", input: { SourceArn: target.arn } },
    selector: "$.Results[0].Status",
    value: "RUNNING",
  },
  changes: ["sqs:StartMessageMoveTask"],
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
