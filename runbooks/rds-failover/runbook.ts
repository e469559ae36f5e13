import { z } from "zod";
import type { Context } from "../../functions/core/context.ts";
import type { Resource } from "../../functions/core/evidence.ts";
import type { Runbook, Suggestion } from "../../functions/core/runbook.ts";
import { arnParts, harmOf, levelsOf, pointsOf, riseOf, seriesOf, shown, textOf, wasTried } from "../facts.ts";
import { loadDocuments } from "../load-document.ts";

const ID = "rds-failover";
const TARGET_TYPE = "AWS::RDS::DBInstance";
/** Writes that take three times as long as usual, and five milliseconds at least, wait for their disk. */
const SLOW_DISK = { ratio: 3, floor: 0.005 } as const;
/** Below this the processor is not what they wait for: the work is the usual one, the host is not. */
const IDLE_PERCENT = 60;

const suggest = (context: Context, target: Resource): readonly Suggestion[] => {
  const disk = seriesOf(context, target.arn, "WriteLatency");
  const cpu = seriesOf(context, target.arn, "CPUUtilization");
  const busy = levelsOf(context, pointsOf(cpu, "left-out"));
  const params = paramsFor(target);
  if (disk === null || cpu === null || busy === null || params === null) return [];
  if (wasTried(context, ID, target.arn) || textOf(target, "status") !== "available") return [];
  const slow = riseOf(context, { id: disk.id, what: disk.metric.metricName }, pointsOf(disk, "left-out"), SLOW_DISK);
  if (slow === null) return [];
  const told =
    `${target.name} writes take ${shown(slow.now * 1000)} instead of ${shown(slow.before * 1000)} ms ` +
    `at ${shown(busy.now)} % CPU`;
  const offer = (fit: number, because: string, more: readonly string[] = []): readonly Suggestion[] => [
    { target: target.arn, params, fit, because, evidence: [disk.id, cpu.id, ...more] },
  ];
  if (busy.now >= IDLE_PERCENT) return offer(0.2, `${told}: the work is what has grown.`);
  const harm = harmOf(context, target.arn);
  if (harm === null) return offer(0.4, `${told}, and nothing fails yet.`);
  return offer(0.8, `${told}, and its callers fail more than before.`, [harm.series]);
};

/** Null where there is no standby: a replica, or an instance in one zone. */
const paramsFor = ({ arn, attributes }: Resource): Readonly<{ DBInstanceIdentifier: string }> | null => {
  const [, DBInstanceIdentifier] = arnParts(arn);
  return DBInstanceIdentifier === undefined || attributes.multiAz !== true ? null : { DBInstanceIdentifier };
};

/** Moves a database to its standby when its host is slow and its work is not to blame. */
export const rdsFailover: Runbook = {
  id: ID,
  version: "1.0.0",
  title: "Fail a database instance over to its standby",
  kind: "effect",
  effect:
    "The database is away for one to two minutes; every session ends, open transactions are rolled back, and the standby begins with an empty memory.",
  targetType: TARGET_TYPE,
  parameters: z.strictObject({ DBInstanceIdentifier: z.string().regex(/^[A-Za-z](-?[A-Za-z0-9]){0,62}$/) }),
  tier: 3,
  reversal: "not-needed",
  documents: loadDocuments(ID),
  expectedMinutes: 6,
  cooldownSeconds: 6 * 3600,
  whenRecovered: "finish",
  treats: ["AWS/RDS/WriteLatency", "AWS/RDS/DiskQueueDepth", "AWS/ApplicationELB/HTTPCode_Target_5XX_Count"],
  endsDeployment: false,
  blastRadius: ({ zones }) => ({ share: 1, resources: 1, zones, dataStore: true, capacity: null }),
  suitsWhen: "Writes of a database with a standby wait for the disk while its CPU is mostly idle.",
  aim: paramsFor,
  suits: (context) =>
    context.resources.filter(({ type }) => type === TARGET_TYPE).flatMap((target) => suggest(context, target)),
};
