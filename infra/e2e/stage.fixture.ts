import { execFile } from "node:child_process";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { CloudWatchLogsClient, FilterLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { DynamoDBClient, GetItemCommand, QueryCommand } from "@aws-sdk/client-dynamodb";
import { GetObjectCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import { CreateQueueCommand, GetQueueAttributesCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import type { Account } from "./account.fixture.ts";

const QUELL = join(import.meta.dirname, "..", "..", "functions", "cli", "quell.ts");

/** Looks until there is something, every second. Throws with what was awaited when the time is over. */
export const eventually = async <T>(
  what: string,
  look: () => Promise<T | null | undefined | false>,
  seconds = 120,
): Promise<T> => {
  const untilMs = Date.now() + seconds * 1000;
  for (;;) {
    const seen = await look();
    if (seen !== null && seen !== undefined && seen !== false) return seen;
    if (Date.now() > untilMs) throw new Error(`not within ${seconds} s: ${what}`);
    await sleep(1000);
  }
};

/** Runs the command line as its user does; its exit code and what it said. */
export const quell = async (
  account: Account,
  ...args: readonly string[]
): Promise<Readonly<{ code: number; out: string; error: string }>> => {
  const env = { ...process.env, ...account.env };
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [QUELL, ...args], { env });
    return { code: 0, out: stdout, error: stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as Readonly<{ code: number; stdout: string; stderr: string }>;
    return { code, out: stdout, error: stderr };
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

/** The last lines that the agent's functions logged, newest last: what a failure is understood by. */
export const lastLogs = async (account: Account, functions: readonly string[]): Promise<string> => {
  const logs = new CloudWatchLogsClient(account.clientConfig);
  const told: string[] = [];
  for (const name of functions) {
    const asked = { logGroupName: `/aws/lambda/quell-${name}`, limit: 1000 };
    const { events = [] } = await logs.send(new FilterLogEventsCommand(asked)).catch(() => ({ events: [] }));
    const lines = events.map(({ message = "" }) => message.trim()).filter((line) => line.startsWith("{"));
    told.push(`${name}:`, ...lines.slice(-40));
  }
  return told.join("\n");
};
