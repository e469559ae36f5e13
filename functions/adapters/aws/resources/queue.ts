import {
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListDeadLetterSourceQueuesCommand,
  ListMessageMoveTasksCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { z } from "zod";
import { callAws } from "../call.ts";
import { arnOf, besideArn } from "./arn.ts";
import { eachOf, known, orAbsent } from "./asking.ts";
import { type ResourceReader, type Seen, seen } from "./kind.ts";
import { queue } from "./shapes.ts";

const GONE = ["QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"];

/** Queues with what they do with messages that fail, and whether dead ones are being moved. */
export const reader: ResourceReader = {
  attributes: [
    ...["queueUrl", "visibilityTimeout", "approximateNumberOfMessages", "deadLetterTargetArn", "maxReceiveCount"],
    ...["deadLetterSourceQueue", "messageMoveTaskRunning"],
  ],
  // Dead letters of several queues go back to no one of them.
  optional: ["deadLetterSourceQueue"],
  unreadable: {},
  read: async (clientOf, arns) => {
    const sqs = clientOf(SQSClient);
    const found = await eachOf(arns, (arn) => orAbsent(GONE, () => seenQueue(sqs, arn)));
    return found.filter((one) => one !== null);
  },
};

const seenQueue = async (sqs: SQSClient, arn: string): Promise<Seen> => {
  const { account: QueueOwnerAWSAccountId, rest: QueueName } = arnOf(arn);
  const { QueueUrl } = await callAws("sqs:GetQueueUrl", arn, () =>
    sqs.send(new GetQueueUrlCommand({ QueueName, QueueOwnerAWSAccountId })),
  );
  const { Attributes = {} } = await callAws("sqs:GetQueueAttributes", arn, () =>
    sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["All"] })),
  );
  const { queueUrls = [] } = await callAws("sqs:ListDeadLetterSourceQueues", arn, () =>
    sqs.send(new ListDeadLetterSourceQueuesCommand({ QueueUrl })),
  );
  const sources = queueUrls.map((url) => besideArn(arn, "sqs", url.split("/").at(-1) ?? ""));
  const redrive = redriveIn(Attributes.RedrivePolicy);
  return seen({
    ...{ arn, type: queue.type, name: QueueName, part: "queue" },
    uses: redrive === null ? [] : [redrive.deadLetterTargetArn],
    usedBy: sources,
    attributes: known({
      queueUrl: QueueUrl,
      visibilityTimeout: numberIn(Attributes.VisibilityTimeout),
      approximateNumberOfMessages: numberIn(Attributes.ApproximateNumberOfMessages),
      deadLetterTargetArn: redrive?.deadLetterTargetArn ?? null,
      maxReceiveCount: redrive?.maxReceiveCount ?? null,
      deadLetterSourceQueue: sources.length > 1 ? undefined : (sources[0] ?? null),
      messageMoveTaskRunning: sources.length > 0 && (await isMoving(sqs, arn)),
    }),
  });
};

const numberIn = (text: string | undefined): number | undefined =>
  text !== undefined && /^[0-9]+$/.test(text) ? Number(text) : undefined;

/** A queue's redrive policy is JSON within an attribute, its count a number or the text of one. */
const redrivePolicy = z.object({ deadLetterTargetArn: z.string(), maxReceiveCount: z.coerce.number() });

const redriveIn = (text: string | undefined): z.infer<typeof redrivePolicy> | null => {
  try {
    return redrivePolicy.parse(JSON.parse(text ?? "null"));
  } catch {
    // No policy, or none that says where to.
    return null;
  }
};

/** Only a dead-letter queue may be asked. */
const isMoving = async (sqs: SQSClient, arn: string): Promise<boolean> => {
  const { Results = [] } = await callAws("sqs:ListMessageMoveTasks", arn, () =>
    sqs.send(new ListMessageMoveTasksCommand({ SourceArn: arn, MaxResults: 1 })),
  );
  return Results.some(({ Status }) => Status === "RUNNING" || Status === "CANCELLING");
};
