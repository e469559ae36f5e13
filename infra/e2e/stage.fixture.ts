import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { CloudWatchLogsClient, FilterLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { DynamoDBClient, GetItemCommand, QueryCommand } from "@aws-sdk/client-dynamodb";
import { GetObjectCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import { CreateQueueCommand, GetQueueAttributesCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import type { Json } from "../../functions/core/json.ts";
import type { Account } from "./account.fixture.ts";

const QUELL = join(import.meta.dirname, "..", "..", "functions", "cli", "quell.ts");

/** A command line that says nothing for so long hangs. */
const COMMAND_MS = 5 * 60_000;

/** Runs the command line as its user does; its exit code and what it said. */
export const quell = async (
  account: Account,
  ...args: readonly string[]
): Promise<Readonly<{ code: number; out: string; error: string }>> => {
  const options = { env: account.env, timeout: COMMAND_MS };
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [QUELL, ...args], options);
    return { code: 0, out: stdout, error: stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as Readonly<{ code: number; stdout: string; stderr: string }>;
    return { code, out: stdout, error: `${stderr}${String(error)}` };
  }
};

/** What the deployed agent keeps, read past it: items of the ledger, objects of the bucket, pages that were sent. */
export const keeping = (account: Account, tables: Readonly<{ ledger: string; bucket: string }>) => {
  const dynamo = new DynamoDBClient(account.clientConfig);
  const s3 = new S3Client(account.clientConfig);
  const json = (text: string | undefined) => (text === undefined ? null : JSON.parse(text));
  return {
    /** An item of which the group is the whole key. */
    item: async (key: string, group = key) => {
      const asked = { TableName: tables.ledger, Key: { group: { S: group }, key: { S: key } }, ConsistentRead: true };
      return json((await dynamo.send(new GetItemCommand(asked))).Item?.item?.S);
    },
    group: async (group: string) => {
      const answer = await dynamo.send(
        new QueryCommand({
          TableName: tables.ledger,
          KeyConditionExpression: "#g = :g",
          ExpressionAttributeNames: { "#g": "group" },
          ExpressionAttributeValues: { ":g": { S: group } },
          ConsistentRead: true,
        }),
      );
      return (answer.Items ?? []).map(({ item }) => json(item?.S));
    },
    object: async (key: string) => {
      try {
        const { Body } = await s3.send(new GetObjectCommand({ Bucket: tables.bucket, Key: key }));
        return json(await Body?.transformToString());
      } catch (error) {
        if (error instanceof Error && error.name === "NoSuchKey") return null;
        throw error;
      }
    },
    keys: async (prefix: string): Promise<readonly string[]> => {
      const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: tables.bucket, Prefix: prefix }));
      return Contents.map(({ Key = "" }) => Key);
    },
  };
};

/** A queue that hears every page from now on. @returns reads what came since the last read */
export const hearPages = async (account: Account, topicArn: string): Promise<() => Promise<readonly string[]>> => {
  const sqs = new SQSClient(account.clientConfig);
  const sns = new SNSClient(account.clientConfig);
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "e2e-pages" }));
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["QueueArn"] }));
  await sns.send(new SubscribeCommand({ TopicArn: topicArn, Protocol: "sqs", Endpoint: Attributes?.QueueArn }));
  const heard: string[] = [];
  return async () => {
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
    heard.push(...Messages.map(({ Body = "" }) => Body));
    return heard;
  };
};

/** What went wrong in stacks, and the last lines that the agent's functions logged: what a failure is understood by. */
export const whatHappened = async (
  account: Account,
  stacks: readonly string[],
  functions: readonly string[],
): Promise<string> => {
  const logs = new CloudWatchLogsClient(account.clientConfig);
  const told: string[] = [];
  for (const StackName of stacks) {
    const asked = { service: "cloudformation", api: "DescribeStackEvents", input: { StackName } };
    const answer = await account.calls.call(asked);
    // The newest come first; of those before a page of them nobody asks.
    const events = answer.ok ? (answer.output as Readonly<{ StackEvents: readonly Json[] }>).StackEvents : [answer];
    const wrong = events
      .map((event) => JSON.stringify(event))
      .filter((line) => /FAILED|ROLLBACK|"ok":false/.test(line));
    told.push(`${StackName}:`, ...wrong.slice(0, 20).toReversed());
  }
  for (const name of functions) {
    const asked = { logGroupName: `/aws/lambda/quell-${name}`, limit: 1000 };
    const { events = [] } = await logs.send(new FilterLogEventsCommand(asked)).catch(() => ({ events: [] }));
    const lines = events.map(({ message = "" }) => message.trim()).filter((line) => line.startsWith("{"));
    told.push(`${name}:`, ...lines.slice(-40));
  }
  return told.join("\n");
};
