import { setTimeout as sleep } from "node:timers/promises";
import type { ReceiveMessageCommandOutput, SQSClient } from "@aws-sdk/client-sqs";
import { callerIn } from "./account-caller.ts";
import { accountClients } from "./account-clients.ts";
import { awsFault } from "./account-errors.ts";
import { deployedNames } from "./account-stack.ts";
import { readConfiguration } from "./configuration-file.ts";
import { BadInput, type ExitCode } from "./errors.ts";
import type { Screen } from "./screen.ts";

/** How often a task that moves messages is looked at. */
const LOOK_MS = 1_000;

/**
 * `quell replay-dlq`: puts the deliveries that were given up back to where they came from. To take one again changes
 * nothing, so a run that is stopped may be started anew. 1 = some are still there. Throws BadInput.
 */
export const replayDlq = async (
  { config, json }: Readonly<{ config: string; json?: true }>,
  screen: Screen,
): Promise<ExitCode> => {
  const configuration = await readConfiguration(config);
  const clients = accountClients(configuration.settings.region, "write");
  await callerIn(configuration, config, clients);
  const { queue } = await deployedNames(configuration);
  const sqs = await clients.sqs();
  try {
    const [dead, alarms] = [await queueNamed(sqs, queue.dead), await queueNamed(sqs, queue.alarms)];
    const waiting = dead.waiting;
    const moved = waiting === 0 ? 0 : await moveAll(sqs, dead, alarms.url, screen);
    const left = (await queueNamed(sqs, queue.dead)).waiting;
    const told = { schema: 1, from: queue.dead, to: queue.alarms, waiting, moved, left };
    const words =
      waiting === 0
        ? `${queue.dead} is empty: nothing to put back`
        : `${moved} of ${waiting} deliveries went back to ${queue.alarms}`;
    screen.write(
      json === true ? `${JSON.stringify(told)}\n` : `${words}${left === 0 ? "" : `; ${left} are in ${queue.dead}`}\n`,
    );
    return left === 0 ? 0 : 1;
  } catch (cause) {
    throw new BadInput(wordsFor(cause, queue.dead), { cause });
  }
};

const wordsFor = (error: unknown, queue: string): string => {
  const { kind, code, message } = awsFault(error);
  if (kind === "absent") return `no queue ${queue} is there (${code}); deploy with \`npx cdk deploy --all\``;
  if (kind === "denied")
    return `${queue}: ${message}; allow sqs:StartMessageMoveTask, ReceiveMessage, DeleteMessage and SendMessage`;
  return `${queue}: ${code}: ${message}; try again: what went back already changes nothing`;
};

type Queue = Readonly<{ url: string; arn: string; waiting: number }>;

const queueNamed = async (sqs: SQSClient, name: string): Promise<Queue> => {
  const { GetQueueAttributesCommand, GetQueueUrlCommand } = await import("@aws-sdk/client-sqs");
  const { QueueUrl: url = "" } = await sqs.send(new GetQueueUrlCommand({ QueueName: name }));
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ["QueueArn", "ApproximateNumberOfMessages"] }),
  );
  return { url, arn: Attributes.QueueArn ?? "", waiting: Number(Attributes.ApproximateNumberOfMessages ?? 0) };
};

/** SQS moves them itself where it can; an emulator, and a queue of another kind, cannot. */
const moveAll = async (sqs: SQSClient, dead: Queue, to: string, screen: Screen): Promise<number> => {
  const { ListMessageMoveTasksCommand, StartMessageMoveTaskCommand } = await import("@aws-sdk/client-sqs");
  try {
    await sqs.send(new StartMessageMoveTaskCommand({ SourceArn: dead.arn }));
  } catch (error) {
    if (!/Unsupported|InvalidAction|UnknownOperation|NotImplemented/.test(awsFault(error).code)) throw error;
    return moveByHand(sqs, dead, to);
  }
  for (;;) {
    const { Results: [task] = [] } = await sqs.send(
      new ListMessageMoveTasksCommand({ SourceArn: dead.arn, MaxResults: 1 }),
    );
    const moved = task?.ApproximateNumberOfMessagesMoved ?? 0;
    if (task?.Status !== "RUNNING") {
      if (task?.FailureReason !== undefined) screen.writeError(`quell: ${task.FailureReason}\n`);
      return moved;
    }
    if (screen.isErrorLive === true) screen.writeError(`quell: ${moved} of ${dead.waiting} went back ...\n`);
    await sleep(LOOK_MS);
  }
};

/** As many as were there when it began: one that fails again and comes back is not put back again. */
const moveByHand = async (sqs: SQSClient, { url, waiting }: Queue, to: string): Promise<number> => {
  const { DeleteMessageCommand, ReceiveMessageCommand, SendMessageCommand } = await import("@aws-sdk/client-sqs");
  let moved = 0;
  while (moved < waiting) {
    const { Messages = [] }: ReceiveMessageCommandOutput = await sqs.send(
      new ReceiveMessageCommand({
        ...{ QueueUrl: url, MaxNumberOfMessages: Math.min(10, waiting - moved), WaitTimeSeconds: 1 },
        MessageAttributeNames: ["All"],
      }),
    );
    if (Messages.length === 0) return moved;
    for (const { Body, MessageAttributes, ReceiptHandle } of Messages) {
      // A crash between the two leaves it in both: it is then taken twice, which changes nothing.
      await sqs.send(
        new SendMessageCommand({
          QueueUrl: to,
          MessageBody: Body,
          ...(MessageAttributes === undefined ? {} : { MessageAttributes }),
        }),
      );
      await sqs.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle }));
      moved += 1;
    }
  }
  return moved;
};
