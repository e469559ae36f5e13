import type { Json } from "../../core/json.ts";
import {
  type ApiInput,
  answered,
  count,
  failed,
  latency,
  type ResourceBehaviour,
  resourcesOfKind,
  resourceType,
  type Samples,
  sparse,
  textOf,
} from "../resource-type.ts";
import { eitherFails, largestCause, overflow } from "../saturation.ts";
import { type ResourceState, record, schedule, type World } from "../state.ts";
import type { ApiReply } from "../types.ts";

/** A table. A unit is one read of 4 KB or one write of 1 KB a second. */
export type DynamoDbTable = ResourceState & {
  readonly kind: "dynamodb-table";
  readonly billingMode: "PROVISIONED" | "PAY_PER_REQUEST";
  readonly writeShare: number;
  readonly readUnitsPerRead: number;
  readonly writeUnitsPerWrite: number;
  /** What is configured; an on-demand table has none. */
  readCapacityUnits: number;
  writeCapacityUnits: number;
  status: "ACTIVE" | "UPDATING";
  /** Share of all requests that ask for the items of one partition, 0..1. */
  hotShare: number;
  /** Times the usual units of a request. */
  itemGrowth: number;
  /** What the account allows one table: raised by AWS alone. */
  quotaReadUnits: number;
};

export const isDynamoDbTable = (resource: ResourceState): resource is DynamoDbTable =>
  resource.kind === "dynamodb-table";

/** What one partition serves, https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html */
export const PARTITION_READ_UNITS = 3000;
const PARTITION_WRITE_UNITS = 1000;
const LATENCY_MS = 5;
const UPDATE_MS = 90_000; // a change of capacity is in force after a minute or two
const THROTTLED = "ProvisionedThroughputExceededException: the level of configured provisioned throughput was exceeded";

const tableNamed = (world: World, input: ApiInput): DynamoDbTable | null =>
  resourcesOfKind(world, isDynamoDbTable).find(({ name }) => name === textOf(input, "TableName")) ?? null;

const missing = (input: ApiInput): ApiReply =>
  failed(
    "ResourceNotFoundException",
    `Requested resource not found: Table: ${textOf(input, "TableName") ?? ""} not found`,
  );

const show = (state: DynamoDbTable): Json => ({
  TableName: state.name,
  TableArn: state.arn,
  TableStatus: state.status,
  BillingModeSummary: { BillingMode: state.billingMode },
  ProvisionedThroughput: {
    ReadCapacityUnits: state.readCapacityUnits,
    WriteCapacityUnits: state.writeCapacityUnits,
  },
});

const isUnits = (value: Json | undefined): value is number =>
  typeof value === "number" && Number.isInteger(value) && value >= 1;

/** Changes the provisioned throughput; the new one holds once the table is active again. */
const updateTable = (world: World, input: ApiInput): ApiReply => {
  const state = tableNamed(world, input);
  if (state === null) return missing(input);
  if (state.status !== "ACTIVE")
    return failed("ResourceInUseException", `Attempt to change a resource which is still in use: Table: ${state.name}`);
  const { ProvisionedThroughput: wanted } = input;
  const isMap = wanted !== null && typeof wanted === "object" && !Array.isArray(wanted);
  const members = new Map(isMap ? Object.entries(wanted) : []);
  const [read, write] = [members.get("ReadCapacityUnits"), members.get("WriteCapacityUnits")];
  if (!isUnits(read) || !isUnits(write))
    return failed("ValidationException", "ReadCapacityUnits and WriteCapacityUnits must be at least 1.");
  if (state.billingMode !== "PROVISIONED")
    return failed("ValidationException", "ProvisionedThroughput cannot be set when BillingMode is PAY_PER_REQUEST.");
  if (read === state.readCapacityUnits && write === state.writeCapacityUnits)
    return failed("ValidationException", "The provisioned throughput for the table will not change.");
  if (read > state.quotaReadUnits)
    return failed("LimitExceededException", `The table may have at most ${state.quotaReadUnits} read capacity units.`);
  state.status = "UPDATING";
  const subject = `${read}/${write}`;
  schedule(world, world.nowMs + UPDATE_MS, { kind: "resource", arn: state.arn, what: "updated", subject });
  return answered({ TableDescription: show(state) });
};

const serve: NonNullable<ResourceBehaviour<DynamoDbTable>["serve"]> = (_world, state, { demand }) => {
  const readsWanted = demand * (1 - state.writeShare) * state.readUnitsPerRead * state.itemGrowth;
  const writesWanted = demand * state.writeShare * state.writeUnitsPerWrite * state.itemGrowth;
  const isProvisioned = state.billingMode === "PROVISIONED";
  const readLimit = isProvisioned ? Math.min(state.readCapacityUnits, state.quotaReadUnits) : state.quotaReadUnits;
  const writeLimit = isProvisioned ? state.writeCapacityUnits : state.quotaReadUnits;
  const hotReads = state.hotShare * overflow((readsWanted * state.hotShare) / PARTITION_READ_UNITS);
  const hotWrites = state.hotShare * overflow((writesWanted * state.hotShare) / PARTITION_WRITE_UNITS);
  const reads = eitherFails(overflow(readsWanted / readLimit), hotReads);
  const writes = eitherFails(overflow(writesWanted / writeLimit), hotWrites);
  const throttled = reads * (1 - state.writeShare) + writes * state.writeShare;
  return {
    demand,
    passed: demand * (1 - throttled),
    errorRate: eitherFails(throttled, 0.00002),
    latencyMs: LATENCY_MS * Math.sqrt(state.itemGrowth),
    utilisation: Math.max(readsWanted / readLimit, writesWanted / writeLimit),
    capacity: (demand * readLimit) / Math.max(1, readsWanted),
    message: largestCause([[throttled, THROTTLED]]),
    gauges: {
      readUnits: readsWanted * (1 - reads),
      writeUnits: writesWanted * (1 - writes),
      readThrottles: demand * (1 - state.writeShare) * reads,
      writeThrottles: demand * state.writeShare * writes,
      latencyMs: LATENCY_MS * Math.sqrt(state.itemGrowth),
    },
  };
};

const samples = (state: DynamoDbTable, { gauges }: Parameters<ResourceBehaviour<DynamoDbTable>["samples"]>[1]) => {
  const { readUnits = 0, writeUnits = 0, readThrottles = 0, writeThrottles = 0, latencyMs = 0 } = gauges;
  const table: Samples = {
    namespace: "AWS/DynamoDB",
    dimensions: { TableName: state.name },
    levels: {
      ConsumedReadCapacityUnits: count(readUnits * 60),
      ConsumedWriteCapacityUnits: count(writeUnits * 60),
      ReadThrottleEvents: sparse(readThrottles * 60),
      WriteThrottleEvents: sparse(writeThrottles * 60),
    },
  };
  const query: Samples = {
    namespace: "AWS/DynamoDB",
    dimensions: { TableName: state.name, Operation: "Query" },
    levels: {
      SuccessfulRequestLatency: latency(latencyMs, 0.05),
      ThrottledRequests: sparse(readThrottles * 60),
    },
  };
  return [table, query];
};

const behaviour: ResourceBehaviour<DynamoDbTable> = {
  kind: "dynamodb-table",
  isOne: isDynamoDbTable,
  describe: (state) => ({
    type: "AWS::DynamoDB::Table",
    zones: 3,
    tags: {},
    attributes: {
      tableStatus: state.status,
      billingMode: state.billingMode,
      readCapacityUnits: state.readCapacityUnits,
      writeCapacityUnits: state.writeCapacityUnits,
    },
  }),
  configuration: (state) => ({
    billingMode: state.billingMode,
    readCapacityUnits: state.readCapacityUnits,
    writeCapacityUnits: state.writeCapacityUnits,
  }),
  serve,
  elapse: null,
  samples,
  happen: (world, state, _what, subject) => {
    const [read, write] = subject.split("/");
    state.readCapacityUnits = Number(read);
    state.writeCapacityUnits = Number(write);
    state.status = "ACTIVE";
    record(world, "table-updated", { arn: state.arn, subject });
  },
  release: null,
  join: null,
  habits: [
    {
      does: "enlarge",
      call: (_world, { name, billingMode, readCapacityUnits, writeCapacityUnits }) =>
        billingMode !== "PROVISIONED"
          ? null
          : {
              service: "dynamodb",
              api: "UpdateTable",
              input: {
                TableName: name,
                ProvisionedThroughput: {
                  ReadCapacityUnits: Math.ceil(readCapacityUnits * 1.5),
                  WriteCapacityUnits: Math.ceil(writeCapacityUnits * 1.5),
                },
              },
            },
    },
  ],
  apis: [
    {
      service: "dynamodb",
      api: "DescribeTable",
      changes: false,
      answer: (world, input) => {
        const state = tableNamed(world, input);
        return state === null ? missing(input) : answered({ Table: show(state) });
      },
    },
    { service: "dynamodb", api: "UpdateTable", changes: true, answer: updateTable },
  ],
};

export const dynamoDbTable = resourceType(behaviour);
