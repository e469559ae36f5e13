import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { releaseCode } from "../releases.ts";
import { stir, type World } from "../state.ts";
import { isLambdaFunction } from "./lambda-versions.ts";
import { ask, minutesLater, servedNow, serverlessWorld, stateOf } from "./serverless.fixture.ts";
import { depthOf, flowThrough, isSqsQueue } from "./sqs-messages.ts";

const queueOf = (world: World) => stateOf(world, isSqsQueue, ({ redrive }) => redrive !== null);
const deadOf = (world: World) => stateOf(world, isSqsQueue, ({ deadLettersOf }) => deadLettersOf !== null);
const workerOf = (world: World) => stateOf(world, isLambdaFunction, ({ source }) => source !== null);
const tasksOf = (world: World) => ask(world, "sqs", "ListMessageMoveTasks", { SourceArn: deadOf(world).arn }).Results;

test("no message is lost: what comes in waits, is handled, or is dead", () => {
  const rates = fc.double({ min: 0, max: 200, noNaN: true });
  const shares = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(rates, rates, shares, fc.integer({ min: 1, max: 3600 }), (demand, capacity, failure, seconds) => {
      const world = serverlessWorld();
      const [queue, dead] = [queueOf(world), deadOf(world)];
      const passed = Math.min(demand, capacity);
      queue.poisoned = 50;

      flowThrough(world, queue, { demand, passed, failure, elapsedMs: seconds * 1000 });

      assert.ok(Math.abs(queue.backlog - (demand - passed) * seconds) < 1e-6 * (1 + demand * seconds));
      assert.ok(Math.abs(queue.poisoned + dead.poisoned - 50) < 1e-9);
      assert.ok(dead.backlog >= 0 && dead.backlog <= passed * seconds * failure ** 5 + 1e-9);
    }),
    { numRuns: 30 },
  );
});

test("a handler that fails for half an hour leaves dead messages, one that fails for five minutes next to none", () => {
  const deadAfter = (minutes: number): number => {
    const world = serverlessWorld();
    const { name, alias, functionVersion } = workerOf(world);
    releaseCode(world, workerOf(world).arn, { errorRate: 0.95, latencyFactor: 1, message: "no" });
    stir(world);
    minutesLater(world, minutes);
    ask(world, "lambda", "UpdateAlias", { FunctionName: name, Name: alias, FunctionVersion: functionVersion });
    minutesLater(world, 30);
    return depthOf(deadOf(world)) / servedNow(world, queueOf(world)).demand / 60;
  };

  const [short, long] = [deadAfter(5), deadAfter(30)];

  assert.ok(short < 0.1, `${short} minutes' messages`);
  assert.ok(long > 3 && long < 25, `${long} minutes' messages`);
});

test("poisoned messages slow the worker until they are dead, and once more when they are moved back", () => {
  const world = serverlessWorld();
  const [queue, dead] = [queueOf(world), deadOf(world)];
  const usual = servedNow(world, workerOf(world)).utilisation;

  queue.poisoned = 60;
  stir(world);
  const during = servedNow(world, workerOf(world)).utilisation;
  minutesLater(world, 120);
  const later = servedNow(world, workerOf(world)).utilisation;
  const landed = dead.poisoned;
  ask(world, "sqs", "StartMessageMoveTask", { SourceArn: dead.arn });
  minutesLater(world, 2);
  const again = servedNow(world, workerOf(world)).utilisation;

  assert.ok(during > 1.5 * usual && Math.abs(later - usual) < 0.1 * usual, `${usual} ${during} ${later}`);
  assert.ok(landed > 59);
  assert.ok(again > 1.5 * usual, `${again}`);
});

test("a redrive moves dead messages back at its rate, one task at a time, and they are handled", () => {
  const world = serverlessWorld();
  const dead = deadOf(world);
  dead.backlog = 6000;
  const start = { SourceArn: dead.arn, MaxNumberOfMessagesPerSecond: 50 };

  const started = ask(world, "sqs", "StartMessageMoveTask", start);
  const second = ask(world, "sqs", "StartMessageMoveTask", start);
  minutesLater(world, 1);
  const [running] = tasksOf(world);
  const left = depthOf(dead);
  minutesLater(world, 10);
  const [ended] = tasksOf(world);

  assert.equal(second, "AWS.SimpleQueueService.UnsupportedOperation");
  assert.deepEqual([running.Status, running.TaskHandle], ["RUNNING", started.TaskHandle]);
  assert.ok(Math.abs(left - 3000) < 60, `${left}`);
  assert.deepEqual(
    [ended.Status, ended.TaskHandle, ended.ApproximateNumberOfMessagesMoved],
    ["COMPLETED", undefined, 6000],
  );
  assert.ok(depthOf(dead) + queueOf(world).backlog < 1e-6);
});

test("a dead-letter queue ages from its first message until it is empty, and then anew", () => {
  const world = serverlessWorld();
  const dead = deadOf(world);
  const shown = (): number => servedNow(world, dead).gauges.oldestSeconds ?? Number.NaN;
  const empty = shown();

  dead.backlog = 1740;
  minutesLater(world, 61);
  const hour = shown();
  dead.backlog += 100;
  minutesLater(world, 60);
  const hours = shown();
  ask(world, "sqs", "StartMessageMoveTask", { SourceArn: dead.arn });
  minutesLater(world, 10);
  const moved = shown();
  dead.backlog = 5;
  minutesLater(world, 11);

  const about = (seconds: number, minutes: number): boolean => Math.abs(seconds / 60 - minutes) <= 0.06 * minutes;
  assert.deepEqual([empty, moved], [0, 0]);
  assert.ok(about(hour, 60) && about(hours, 120) && about(shown(), 10), `${hour} ${hours} ${shown()}`);
});

test("a cancelled redrive leaves what it has not moved yet, and what it has moved stays moved", () => {
  const world = serverlessWorld();
  const dead = deadOf(world);
  dead.backlog = 6000;
  const { TaskHandle } = ask(world, "sqs", "StartMessageMoveTask", {
    SourceArn: dead.arn,
    MaxNumberOfMessagesPerSecond: 20,
  });

  minutesLater(world, 1);
  const cancelled = ask(world, "sqs", "CancelMessageMoveTask", { TaskHandle });
  const left = depthOf(dead);
  minutesLater(world, 10);

  assert.ok(Math.abs(cancelled.ApproximateNumberOfMessagesMoved - 1200) < 30);
  assert.equal(depthOf(dead), left);
  assert.equal(tasksOf(world)[0].Status, "CANCELLED");
  assert.equal(ask(world, "sqs", "CancelMessageMoveTask", { TaskHandle }), "ResourceNotFoundException");
});

test("only a dead-letter queue can be redriven, at 1 to 500 messages a second", () => {
  const world = serverlessWorld();
  const start = (SourceArn: string, MaxNumberOfMessagesPerSecond: number) =>
    ask(world, "sqs", "StartMessageMoveTask", { SourceArn, MaxNumberOfMessagesPerSecond });

  const answers = [
    start(queueOf(world).arn, 10),
    start("arn:aws:sqs:eu-west-1:111122223333:none", 10),
    start(deadOf(world).arn, 501),
  ];

  assert.deepEqual(answers, [
    "AWS.SimpleQueueService.UnsupportedOperation",
    "ResourceNotFoundException",
    "InvalidParameterValue",
  ]);
});

test("a queue shows where its dead messages go, under the names that the API has", () => {
  const world = serverlessWorld();
  const { url, arn } = queueOf(world);

  const { Attributes } = ask(world, "sqs", "GetQueueAttributes", { QueueUrl: url, AttributeNames: ["All"] });

  assert.deepEqual(JSON.parse(Attributes.RedrivePolicy), {
    deadLetterTargetArn: deadOf(world).arn,
    maxReceiveCount: 5,
  });
  assert.deepEqual([Attributes.QueueArn, Attributes.VisibilityTimeout], [arn, "180"]);
});
