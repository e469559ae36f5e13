import { type DynamoDbTable, isDynamoDbTable } from "../resources/dynamodb-table.ts";
import type { System } from "../system.ts";
import { placeOf } from "./place.ts";

/** A table whose units somebody sets: one that is billed by the request takes what comes. Throws RangeError without one. */
export const provisionedTable = (system: System, stream: string): DynamoDbTable =>
  placeOf(system, stream, isDynamoDbTable, ({ billingMode }) => billingMode === "PROVISIONED");
