import { between, wholeBetween } from "../random.ts";
import type { DynamoDbTable } from "../resources/dynamodb-table.ts";
import { ACCOUNT, REGION, type ServicePlan } from "../topology.ts";
import type { Blueprint, Part, Site } from "./blueprint.ts";
import { alarmOn, metricsUnder, sli } from "./metric-plans.ts";

const BUSY_SHARE = 0.5; // of the provisioned units at the hour at which the clock starts; autoscaling's usual goal is 0.7
const WRITE_SHARE = 0.2;
/** Reads of a busy table together: more than one partition serves, less than a third of the default quota of a table. */
const TABLE_READ_UNITS = [4500, 9000] as const;
const DEFAULT_QUOTA_UNITS = 40_000;
const NOTICED_THROTTLES = 0.02; // share of the reads from which on somebody wants to know

const tableFor = (plan: ServicePlan, site: Site, billingMode: DynamoDbTable["billingMode"]): DynamoDbTable => {
  const name = `${site.system}-${plan.name}`;
  const demand = plan.perSecond * site.hourly;
  const reads = demand * (1 - WRITE_SHARE);
  const wanted = between(site.stream("read-units"), 0, ...TABLE_READ_UNITS);
  // A request reads a page of items: few visitors with large pages load a table like many with small ones.
  const readUnitsPerRead = Math.max(1, Math.round(wanted / reads));
  const writeUnitsPerWrite = wholeBetween(site.stream("write-units"), 0, 1, 4);
  const isProvisioned = billingMode === "PROVISIONED";
  return {
    kind: "dynamodb-table",
    arn: `arn:aws:dynamodb:${REGION}:${ACCOUNT}:table/${name}`,
    name,
    service: plan.name,
    root: `arn:aws:dynamodb:${REGION}:${ACCOUNT}:table/${name}`,
    logGroup: null,
    uses: [],
    billingMode,
    writeShare: WRITE_SHARE,
    readUnitsPerRead,
    writeUnitsPerWrite,
    readCapacityUnits: isProvisioned ? Math.ceil((reads * readUnitsPerRead) / BUSY_SHARE) : 0,
    writeCapacityUnits: isProvisioned ? Math.ceil((demand * WRITE_SHARE * writeUnitsPerWrite) / BUSY_SHARE) : 0,
    status: "ACTIVE",
    hotShare: 0.02,
    itemGrowth: 1,
    quotaReadUnits: Math.max(DEFAULT_QUOTA_UNITS, Math.ceil(4 * reads * readUnitsPerRead)),
  };
};

const partOf = (plan: ServicePlan, site: Site, table: DynamoDbTable): Part => {
  const metric = metricsUnder("AWS/DynamoDB", { TableName: table.name });
  const operation = metricsUnder("AWS/DynamoDB", { TableName: table.name, Operation: "Query" });
  const throttles = metric("ReadThrottleEvents", "Sum");
  const many = Math.max(20, Math.round(plan.perSecond * 60 * NOTICED_THROTTLES));
  return {
    states: [table],
    edges: [],
    takes: table.arn,
    calls: null,
    objectiveMs: null,
    alarms: [
      alarmOn(
        `${table.name}-throttles`,
        `Reads of ${plan.name} are throttled`,
        throttles,
        { above: many },
        site.stream("throttles-rule"),
        "notBreaching",
      ),
    ],
    slis: [
      sli(
        "throttled reads",
        "errors",
        throttles,
        { above: NOTICED_THROTTLES },
        metric("ConsumedReadCapacityUnits", "Sum"),
      ),
      sli("latency", "latency", operation("SuccessfulRequestLatency", "Average"), { above: 50 }),
      sli("traffic", "traffic", metric("ConsumedReadCapacityUnits", "Sum"), { below: 1 }),
    ],
  };
};

/** A table with provisioned throughput. */
export const dynamoDbProvisioned: Blueprint = {
  id: "dynamodb-provisioned",
  role: "store",
  likelihood: 2,
  brings: ["dynamodb-table"],
  build: (plan, site) => partOf(plan, site, tableFor(plan, site, "PROVISIONED")),
};

/** A table that is paid by request. What ails tables shows at the provisioned ones, so no fault asks for this one. */
export const dynamoDbOnDemand: Blueprint = {
  id: "dynamodb-on-demand",
  role: "store",
  likelihood: 1,
  brings: [],
  build: (plan, site) => partOf(plan, site, tableFor(plan, site, "PAY_PER_REQUEST")),
};
