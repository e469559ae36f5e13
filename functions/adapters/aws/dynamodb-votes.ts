import {
  type AttributeValue,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  paginateQuery,
} from "@aws-sdk/client-dynamodb";
import { z } from "zod";
import type { Vote } from "../../core/stages.ts";
import { callAws } from "./call.ts";
import { APPROVALS_KEYS } from "./tables.ts";

const { partition: DECISION, sort: PERSON } = APPROVALS_KEYS;

/** Every answer to one decision, by the people's names; read strongly consistent. Throws AwsCallFailed. */
export const readVotes = async (
  client: DynamoDBClient,
  table: string,
  decisionId: string,
): Promise<readonly Vote[]> => {
  const query = {
    ...{ TableName: table, ConsistentRead: true },
    KeyConditionExpression: "#decision = :decision",
    ExpressionAttributeNames: { "#decision": DECISION },
    ExpressionAttributeValues: { ":decision": { S: decisionId } },
  };
  const found = await callAws("dynamodb:Query", `the answers to ${decisionId} in ${table}`, async () => {
    const items: Attributes[] = [];
    for await (const { Items = [] } of paginateQuery({ client }, query)) items.push(...Items);
    return items;
  });
  return found.map((item) => parseVote(item, `${decisionId} in ${table}`));
};

/**
 * Writes a person's answer to a decision, unless that person has answered before: the first one counts, and a second
 * click changes nothing. A throw (AwsCallFailed) may have written it: the same click again then finds it.
 * @returns the answer that stands, theirs or their earlier one
 */
export const writeVote = async (
  client: DynamoDBClient,
  table: string,
  decisionId: string,
  vote: Vote,
): Promise<Vote> => {
  const keys = { [DECISION]: { S: decisionId }, [PERSON]: { S: vote.person } };
  const what = `the answer of ${vote.person} to ${decisionId} in ${table}`;
  const isFirst = await callAws("dynamodb:PutItem", what, async () => {
    try {
      await client.send(
        new PutItemCommand({
          ...{ TableName: table, Item: { ...keys, vote: { S: JSON.stringify(vote) } } },
          ConditionExpression: "attribute_not_exists(#person)",
          ExpressionAttributeNames: { "#person": PERSON },
        }),
      );
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  });
  if (isFirst) return vote;
  const { Item = {} } = await callAws("dynamodb:GetItem", what, () =>
    client.send(new GetItemCommand({ TableName: table, Key: keys, ConsistentRead: true })),
  );
  return parseVote(Item, what);
};

type Attributes = Readonly<Record<string, AttributeValue>>;

const vote = z.object({
  ...{ person: z.string().min(1), group: z.string(), answer: z.enum(["approve", "reject"]) },
  ...{ planHash: z.string(), reason: z.string(), atMs: z.number() },
});

/** Throws on what is no vote: a consent that nobody can read is none. */
const parseVote = (item: Attributes, where: string): Vote => {
  try {
    const parsed = vote.parse(JSON.parse(item.vote?.S ?? ""));
    if (parsed.person !== item[PERSON]?.S) throw new Error(`it lies under the name of ${item[PERSON]?.S}`);
    return parsed;
  } catch (cause) {
    throw new Error(`${where}: no answer that can be read; somebody else wrote it, put it right by hand`, { cause });
  }
};
