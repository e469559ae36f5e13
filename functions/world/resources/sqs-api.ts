import type { Json } from "../../core/json.ts";
import { type ApiHandler, type ApiInput, answered, failed, resourcesOfKind, textOf } from "../resource-type.ts";
import type { World } from "../state.ts";
import type { ApiReply } from "../types.ts";
import { depthOf, isSqsQueue, type MoveTask, type SqsQueue } from "./sqs-messages.ts";

const queueAt = (world: World, is: (queue: SqsQueue) => boolean): SqsQueue | null =>
  resourcesOfKind(world, isSqsQueue).find(is) ?? null;

const MISSING = failed("AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist.");

/** Messages in it at this moment: a running task has gone on since the world last settled. */
const depthNow = (world: World, queue: SqsQueue): number => {
  const task = queue.tasks.at(-1);
  const moved = task?.status === "RUNNING" ? (task.perSecond * (world.nowMs - world.settledMs)) / 1000 : 0;
  return Math.max(0, depthOf(queue) - moved);
};

const getQueueAttributes = (world: World, input: ApiInput): ApiReply => {
  const url = textOf(input, "QueueUrl");
  const queue = queueAt(world, (one) => one.url === url);
  if (queue === null) return MISSING;
  const { redrive } = queue;
  const attributes: Record<string, string> = {
    QueueArn: queue.arn,
    ApproximateNumberOfMessages: String(Math.round(depthNow(world, queue))),
    ApproximateNumberOfMessagesNotVisible: "0",
    VisibilityTimeout: String(queue.visibilitySeconds),
    ...(redrive === null
      ? {}
      : {
          RedrivePolicy: JSON.stringify({
            deadLetterTargetArn: redrive.deadLetterQueue,
            maxReceiveCount: redrive.maxReceiveCount,
          }),
        }),
  };
  const wanted = Array.isArray(input.AttributeNames) ? input.AttributeNames : [];
  const shown = Object.entries(attributes).filter(([name]) => wanted.includes("All") || wanted.includes(name));
  return answered({ Attributes: Object.fromEntries(shown) });
};

/** What moves at once where the caller names no rate: as fast as Amazon SQS goes. */
const MOST_A_SECOND = 500;

const startMessageMoveTask = (world: World, input: ApiInput): ApiReply => {
  const source = textOf(input, "SourceArn");
  const dead = queueAt(world, ({ arn }) => arn === source);
  if (dead === null)
    return failed(
      "ResourceNotFoundException",
      "The resource that you specified for the SourceArn parameter doesn't exist.",
    );
  if (dead.deadLettersOf === null)
    return failed(
      "AWS.SimpleQueueService.UnsupportedOperation",
      "Source queue must be configured as a Dead Letter Queue.",
    );
  if (dead.tasks.at(-1)?.status === "RUNNING")
    return failed(
      "AWS.SimpleQueueService.UnsupportedOperation",
      "There is already a task running. Only one active task is allowed for a source queue arn at a given time.",
    );
  const rate = input.MaxNumberOfMessagesPerSecond ?? MOST_A_SECOND;
  if (!(typeof rate === "number" && Number.isInteger(rate) && rate >= 1 && rate <= MOST_A_SECOND))
    return failed("InvalidParameterValue", "MaxNumberOfMessagesPerSecond must be a whole number from 1 to 500.");
  const handle = `${dead.name}/${dead.tasks.length + 1}`;
  const toMove = depthOf(dead);
  dead.tasks.push({ handle, status: "RUNNING", startedAtMs: world.nowMs, toMove, moved: 0, perSecond: rate });
  return answered({ TaskHandle: handle });
};

const showTask = (dead: SqsQueue, task: MoveTask): Json => ({
  // AWS gives the handle of a task only while it can still be cancelled.
  ...(task.status === "RUNNING" ? { TaskHandle: task.handle } : {}),
  Status: task.status,
  SourceArn: dead.arn,
  MaxNumberOfMessagesPerSecond: task.perSecond,
  ApproximateNumberOfMessagesMoved: Math.round(task.moved),
  ApproximateNumberOfMessagesToMove: Math.round(task.toMove),
  StartedTimestamp: task.startedAtMs,
});

const listMessageMoveTasks = (world: World, input: ApiInput): ApiReply => {
  const source = textOf(input, "SourceArn");
  const dead = queueAt(world, ({ arn }) => arn === source);
  if (dead === null)
    return failed(
      "ResourceNotFoundException",
      "The resource that you specified for the SourceArn parameter doesn't exist.",
    );
  const most = typeof input.MaxResults === "number" ? input.MaxResults : 1;
  return answered({
    Results: dead.tasks
      .toReversed()
      .slice(0, most)
      .map((task) => showTask(dead, task)),
  });
};

const cancelMessageMoveTask = (world: World, input: ApiInput): ApiReply => {
  const handle = textOf(input, "TaskHandle");
  const task = resourcesOfKind(world, isSqsQueue)
    .flatMap(({ tasks }) => tasks)
    .find((one) => one.handle === handle && one.status === "RUNNING");
  if (task === undefined) return failed("ResourceNotFoundException", "Task does not exist.");
  task.status = "CANCELLED";
  return answered({ ApproximateNumberOfMessagesMoved: Math.round(task.moved) });
};

export const sqsApis: readonly ApiHandler[] = [
  { service: "sqs", api: "GetQueueAttributes", changes: false, answer: getQueueAttributes },
  { service: "sqs", api: "StartMessageMoveTask", changes: true, answer: startMessageMoveTask },
  { service: "sqs", api: "ListMessageMoveTasks", changes: false, answer: listMessageMoveTasks },
  { service: "sqs", api: "CancelMessageMoveTask", changes: true, answer: cancelMessageMoveTask },
];
