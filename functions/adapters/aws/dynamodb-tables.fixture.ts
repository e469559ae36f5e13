import { CreateTableCommand, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { APPROVALS_KEYS, LEDGER_KEYS, OPEN_INDEX } from "./tables.ts";

const schemaOf = ({ partition, sort }: Readonly<{ partition: string; sort: string }>) => [
  { AttributeName: partition, KeyType: "HASH" as const },
  { AttributeName: sort, KeyType: "RANGE" as const },
];

const strings = (names: readonly string[]) =>
  [...new Set(names)].map((AttributeName) => ({ AttributeName, AttributeType: "S" as const }));

let made = 0;
const nextName = (kind: string): string => {
  made += 1;
  return `${kind}-${made}`;
};

/** An empty table for a ledger. @returns its name */
export const createLedgerTable = async (client: DynamoDBClient): Promise<string> => {
  const TableName = nextName("ledger");
  await client.send(
    new CreateTableCommand({
      ...{ TableName, BillingMode: "PAY_PER_REQUEST", KeySchema: schemaOf(LEDGER_KEYS) },
      AttributeDefinitions: strings([...Object.values(LEDGER_KEYS), OPEN_INDEX.partition, OPEN_INDEX.sort]),
      GlobalSecondaryIndexes: [
        { IndexName: OPEN_INDEX.name, KeySchema: schemaOf(OPEN_INDEX), Projection: { ProjectionType: "KEYS_ONLY" } },
      ],
    }),
  );
  return TableName;
};

/** An empty table for votes. @returns its name */
export const createApprovalsTable = async (client: DynamoDBClient): Promise<string> => {
  const TableName = nextName("approvals");
  await client.send(
    new CreateTableCommand({
      ...{ TableName, BillingMode: "PAY_PER_REQUEST", KeySchema: schemaOf(APPROVALS_KEYS) },
      AttributeDefinitions: strings(Object.values(APPROVALS_KEYS)),
    }),
  );
  return TableName;
};
