import type { Ledger } from "../core/ports.ts";
import type { AccountClients } from "./account-clients.ts";

/** The deployed ledger. @param table its name */
export const accountLedger = async (clients: AccountClients, table: string): Promise<Ledger> => {
  const { dynamoDbLedger } = await import("../adapters/aws/dynamodb-ledger.ts");
  return dynamoDbLedger(await clients.dynamoDb(), table);
};
