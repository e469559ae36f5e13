import { gunzipSync, gzipSync } from "node:zlib";
import {
  type AttributeValue,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  paginateQuery,
  type QueryCommandInput,
} from "@aws-sdk/client-dynamodb";
import { z } from "zod";
import type { Json } from "../../core/json.ts";
import { incidentIdIn, isOpenItem, type OpenIncidents } from "../../core/open-incidents.ts";
import type { Ledger } from "../../core/ports.ts";
import { callAws } from "./call.ts";
import { IS_OPEN, LEDGER_KEYS, OPEN_INDEX } from "./tables.ts";

const { partition: GROUP, sort: KEY } = LEDGER_KEYS;

/** So much JSON is compressed: an incident of hundreds of alarms repeats itself, and shrinks to a tenth. */
const PACKED_FROM_BYTES = 100_000;
/** docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html: names and values together. */
const MOST_BYTES = 400 * 1024;
const MOST_KEY_BYTES = 1024;
/** Nobody writes as much; a stream that unpacks to more was not written by us. */
const MOST_UNPACKED_BYTES = 64 * 1024 * 1024;

/** An item that DynamoDB does not hold: nothing was sent. */
export class ItemTooLarge extends Error {
  override readonly name = "ItemTooLarge";
}

/**
 * The ledger in a table: each write is one PutItem on condition of the version, each read strongly consistent. A list
 * reads one group, so its prefix must name one; an incident that is open carries the attribute of the sparse index.
 *
 * @throws AwsCallFailed where DynamoDB gave no answer; a write may then have been done, which `change` in core finds out.
 * @throws ItemTooLarge before anything is sent.
 */
export const dynamoDbLedger = (client: DynamoDBClient, table: string): Ledger & OpenIncidents => ({
  read: async (key) => {
    const Key = keysOf(key);
    const { Item } = await callAws("dynamodb:GetItem", `${key} of ${table}`, () =>
      client.send(new GetItemCommand({ TableName: table, Key, ConsistentRead: true })),
    );
    return Item === undefined ? null : parseItem(Item, `${key} of ${table}`);
  },
  write: async (key, item, expected) => {
    const Item = storedItem(key, item, (expected ?? 0) + 1);
    return callAws("dynamodb:PutItem", `${key} of ${table}`, async () => {
      try {
        await client.send(new PutItemCommand({ TableName: table, Item, ...conditionOf(expected) }));
        return true;
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return false;
        throw error;
      }
    });
  },
  list: async (prefix) => {
    const group = groupOfPrefix(prefix);
    const found = await callAws("dynamodb:Query", `${prefix}* of ${table}`, () =>
      queried(client, {
        ...{ TableName: table, ConsistentRead: true },
        KeyConditionExpression: "#group = :group AND begins_with(#key, :prefix)",
        ExpressionAttributeNames: { "#group": GROUP, "#key": KEY },
        ExpressionAttributeValues: { ":group": { S: group }, ":prefix": { S: prefix } },
      }),
    );
    return found.map((Item) => ({ key: keyIn(Item), item: parseItem(Item, `${keyIn(Item)} of ${table}`).item }));
  },
  openIncidents: async () => {
    const found = await callAws("dynamodb:Query", `the index ${OPEN_INDEX.name} of ${table}`, () =>
      queried(client, {
        ...{ TableName: table, IndexName: OPEN_INDEX.name },
        KeyConditionExpression: "#open = :open",
        ExpressionAttributeNames: { "#open": OPEN_INDEX.partition },
        ExpressionAttributeValues: { ":open": { S: IS_OPEN } },
      }),
    );
    return found.flatMap((Item) => incidentIdIn(keyIn(Item)) ?? []);
  },
});

type Attributes = Readonly<Record<string, AttributeValue>>;

const queried = async (client: DynamoDBClient, input: QueryCommandInput): Promise<readonly Attributes[]> => {
  const found: Attributes[] = [];
  for await (const { Items = [] } of paginateQuery({ client }, input)) found.push(...Items);
  return found;
};

/**
 * The kinds of item that are listed, and how many segments after the `#` name what is listed together:
 * `effect#INCIDENT/...`, `open#ACCOUNT/REGION/ALARM/...`, all of `autonomy#`.
 */
const SEGMENTS: ReadonlyMap<string, number> = new Map([
  ...(["effect", "storm", "decision", "attempt"] as const).map((kind) => [kind, 1] as const),
  ["open", 3],
  ["autonomy", 0],
]);

/** The group that an item lies in: what is listed together. An item of any other kind is a group of its own. */
export const groupOf = (key: string): string => {
  const [kind, segments] = split(key);
  const count = SEGMENTS.get(kind);
  return count === undefined ? key : `${kind}#${segments.slice(0, count).join("/")}`;
};

/** The one group that holds every key with this prefix, whose last segment is taken as whole where it ends the group. */
const groupOfPrefix = (prefix: string): string => {
  const [kind, segments] = split(prefix);
  const count = SEGMENTS.get(kind);
  if (count === undefined || segments.length < count || segments.slice(0, count).includes("")) {
    const lists = [...SEGMENTS].map(([known, needed]) => `${known}# with ${needed}`).join(", ");
    throw new Error(`${prefix}: the ledger lists one group, named by its first segments: ${lists}`);
  }
  return groupOf(prefix);
};

const split = (key: string): readonly [kind: string, segments: readonly string[]] => {
  const end = key.indexOf("#");
  return end < 0 ? ["", []] : [key.slice(0, end), key.slice(end + 1).split("/")];
};

const keysOf = (key: string) => {
  const bytes = Buffer.byteLength(key);
  if (bytes > MOST_KEY_BYTES)
    throw new ItemTooLarge(`${key}: a key of ${bytes} bytes; DynamoDB takes ${MOST_KEY_BYTES}`);
  return { [GROUP]: { S: groupOf(key) }, [KEY]: { S: key } };
};

const conditionOf = (expected: number | null) =>
  expected === null
    ? { ConditionExpression: "attribute_not_exists(#key)", ExpressionAttributeNames: { "#key": KEY } }
    : {
        ConditionExpression: "#version = :expected",
        ExpressionAttributeNames: { "#version": "version" },
        ExpressionAttributeValues: { ":expected": { N: String(expected) } },
      };

type Stored = Record<string, AttributeValue.SMember | AttributeValue.NMember | AttributeValue.BMember>;

const storedItem = (key: string, item: Json, version: number): Stored => {
  const text = JSON.stringify(item);
  const bytes = Buffer.byteLength(text);
  const stored: Stored = {
    ...keysOf(key),
    version: { N: String(version) },
    ...(bytes > PACKED_FROM_BYTES ? { packed: { B: gzipSync(text) } } : { item: { S: text } }),
    ...(isOpenItem(key, item) ? { [OPEN_INDEX.partition]: { S: IS_OPEN } } : {}),
  };
  const size = sizeOf(stored);
  if (size > MOST_BYTES)
    throw new ItemTooLarge(`${key}: ${bytes} bytes of JSON are ${size} packed, and DynamoDB holds ${MOST_BYTES}`);
  return stored;
};

const sizeOf = (stored: Stored): number =>
  Object.entries(stored).reduce(
    (sum, [name, value]) =>
      sum + Buffer.byteLength(name) + (value.B?.byteLength ?? Buffer.byteLength(value.S ?? value.N ?? "")),
    0,
  );

const stored = z
  .object({
    version: z.object({ N: z.string().regex(/^[0-9]+$/) }),
    item: z.object({ S: z.string() }).optional(),
    packed: z.object({ B: z.instanceof(Uint8Array) }).optional(),
  })
  .transform(({ version, item, packed }) => ({ version: Number(version.N), text: item?.S ?? unpacked(packed?.B) }));

const unpacked = (bytes: Uint8Array | undefined): string =>
  bytes === undefined ? "" : gunzipSync(bytes, { maxOutputLength: MOST_UNPACKED_BYTES }).toString("utf8");

const parseItem = (Item: Attributes, where: string): Readonly<{ item: Json; version: number }> => {
  try {
    const { version, text } = stored.parse(Item);
    return { item: JSON.parse(text) as Json, version };
  } catch (cause) {
    throw new Error(`${where}: no item of the ledger; somebody else wrote it, put it right by hand`, { cause });
  }
};

const keyIn = (Item: Attributes): string => Item[KEY]?.S ?? "";
