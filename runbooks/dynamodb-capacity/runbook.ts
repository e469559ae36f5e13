import { z } from "zod";
import type { Context } from "../../functions/core/context.ts";
import type { Resource } from "../../functions/core/evidence.ts";
import type { Runbook, Suggestion } from "../../functions/core/runbook.ts";
import { arnParts, median, numberOf, pointsOf, riseOf, seriesOf, shown, textOf, wasTried } from "../facts.ts";
import { loadDocuments } from "../load-document.ts";

const ID = "dynamodb-capacity";
const TARGET_TYPE = "AWS::DynamoDB::Table";
/** The default quota of a table, https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html */
const units = z.int().min(1).max(40_000);
const MOST_UNITS = 40_000;
const AIM_GROWTH = 2;
const MOST_GROWTH = 4;
const THROTTLED = { ratio: 2, floor: 20 } as const;
/** What a table that is short of units uses of them; with units to spare, single partitions are short. */
const USED_UP = 0.85;
const USED_LITTLE = 0.7;

const suggest = (context: Context, target: Resource): readonly Suggestion[] => {
  const written = seriesOf(context, target.arn, "WriteThrottleEvents");
  const short = riseOf(context, { id: written?.id ?? "", what: "writes" }, pointsOf(written, "zero"), THROTTLED);
  const params = paramsFor(target, short === null ? 1 : AIM_GROWTH);
  const throttles = seriesOf(context, target.arn, "ReadThrottleEvents");
  const consumed = seriesOf(context, target.arn, "ConsumedReadCapacityUnits");
  if (params === null || throttles === null || consumed === null || wasTried(context, ID, target.arn)) return [];
  const of = { id: throttles.id, what: throttles.metric.metricName };
  const rise = riseOf(context, of, pointsOf(throttles, "zero"), THROTTLED);
  if (rise === null) return [];
  const used = median(
    pointsOf(consumed, "left-out")
      .slice(-3)
      .map(({ value }) => value / 60 / params.ExpectedReadCapacityUnits),
  );
  const told = `${target.name} throttles ${shown(rise.now)} reads a minute and uses ${shown(used * 100)} % of its units`;
  const offer = (fit: number, because: string): readonly Suggestion[] => [
    { target: target.arn, params, fit, because, evidence: [throttles.id, consumed.id] },
  ];
  if (used >= USED_UP) return offer(0.85, `${told}.`);
  return offer(used < USED_LITTLE ? 0.15 : 0.4, `${told}: it is not short of them.`);
};

/** Null where the table is paid by request, is changing already, or has all that it may have. */
const paramsFor = (target: Resource, writeGrowth: number) => {
  const parts = arnParts(target.arn);
  const TableName = parts[1];
  const read = numberOf(target, "readCapacityUnits");
  const write = numberOf(target, "writeCapacityUnits");
  if (TableName === undefined || read === null || write === null || read < 1 || write < 1) return null;
  if (textOf(target, "billingMode") !== "PROVISIONED" || textOf(target, "tableStatus") !== "ACTIVE") return null;
  const ReadCapacityUnits = Math.min(MOST_UNITS, Math.ceil(read * AIM_GROWTH));
  return ReadCapacityUnits <= read
    ? null
    : {
        TableName,
        ReadCapacityUnits,
        WriteCapacityUnits: Math.max(write, Math.min(MOST_UNITS, write * writeGrowth)),
        ExpectedReadCapacityUnits: read,
        ExpectedWriteCapacityUnits: write,
      };
};

/** Doubles the provisioned reads of a table that uses all of them and throttles; its writes too where those are throttled. */
export const dynamoDbCapacity: Runbook = {
  id: ID,
  version: "1.0.0",
  title: "Provision more throughput for a DynamoDB table",
  kind: "effect",
  effect: "The table serves more within minutes, without an interruption. It costs what the added units cost.",
  targetType: TARGET_TYPE,
  parameters: z
    .strictObject({
      TableName: z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{2,254}$/),
      ReadCapacityUnits: units,
      WriteCapacityUnits: units,
      ExpectedReadCapacityUnits: units,
      ExpectedWriteCapacityUnits: units,
    })
    .refine((one) => one.ReadCapacityUnits > one.ExpectedReadCapacityUnits, "it raises the read units")
    .refine((one) => one.WriteCapacityUnits >= one.ExpectedWriteCapacityUnits, "it never lowers the write units")
    .refine(
      (one) =>
        one.ReadCapacityUnits <= one.ExpectedReadCapacityUnits * MOST_GROWTH &&
        one.WriteCapacityUnits <= one.ExpectedWriteCapacityUnits * MOST_GROWTH,
      "it adds no more than three times what there is",
    ),
  tier: 1,
  reversal: "inverse",
  documents: loadDocuments(ID),
  expectedMinutes: 4,
  cooldownSeconds: 3600,
  whenRecovered: "finish",
  treats: ["AWS/DynamoDB/ReadThrottleEvents", "AWS/DynamoDB/WriteThrottleEvents"],
  endsDeployment: false,
  departsFrom: "the table's ProvisionedThroughput",
  blastRadius: ({ zones }) => ({ share: 0, resources: 1, zones, dataStore: true, capacity: null }),
  suitsWhen: "Reads of a table are throttled while it uses nearly all of its provisioned units.",
  // Reads alone: what nobody has seen throttled stays as it is.
  aim: (target) => paramsFor(target, 1),
  suits: (context) =>
    context.resources.filter(({ type }) => type === TARGET_TYPE).flatMap((target) => suggest(context, target)),
};
