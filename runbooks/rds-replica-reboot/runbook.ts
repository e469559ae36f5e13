import { z } from "zod";
import type { Context } from "../../functions/core/context.ts";
import type { Resource } from "../../functions/core/evidence.ts";
import type { Runbook, Suggestion } from "../../functions/core/runbook.ts";
import { databaseWork } from "../database-work.ts";
import { arnParts, harmOf, levelsOf, pointsOf, riseOf, seriesOf, shown, textOf, wasTried } from "../facts.ts";
import { loadDocuments } from "../load-document.ts";

const ID = "rds-replica-reboot";
const TARGET_TYPE = "AWS::RDS::DBInstance";
const identifier = z.string().regex(/^[A-Za-z](-?[A-Za-z0-9]){0,62}$/);
/** A minute behind is beyond what a burst of writes leaves for long. */
const BEHIND = { ratio: 5, floor: 60 } as const;
/** A replica as busy as this has too much to do; a restart gives it more. */
const BUSY_PERCENT = 85;
/** Work of the primary that has grown by more explains the lag. */
const MORE_WORK = 1.5;

const suggest = (context: Context, target: Resource): readonly Suggestion[] => {
  const lag = seriesOf(context, target.arn, "ReplicaLag");
  const params = paramsFor(target);
  if (lag === null || params === null) return [];
  if (wasTried(context, ID, target.arn) || textOf(target, "status") !== "available") return [];
  const behind = riseOf(context, { id: lag.id, what: lag.metric.metricName }, pointsOf(lag, "left-out"), BEHIND);
  if (behind === null) return [];
  const offer = (fit: number, because: string, more: readonly string[] = []): readonly Suggestion[] => [
    { target: target.arn, params, fit, because, evidence: [lag.id, ...more] },
  ];
  const told = `${target.name} is ${shown(behind.now)} s behind its primary`;
  const cpu = levelsOf(context, pointsOf(seriesOf(context, target.arn, "CPUUtilization"), "left-out"));
  if (cpu !== null && cpu.now >= BUSY_PERCENT) return offer(0.25, `${told}, but it is at ${shown(cpu.now)} % CPU.`);
  const primary = target.dependsOn.find((arn) => arnParts(arn)[1] === params.Primary) ?? "";
  const done = databaseWork(context, primary);
  const work = levelsOf(context, pointsOf(done?.series ?? null, "left-out"));
  if (done !== null && work !== null && work.now > work.before * MORE_WORK) {
    const grown = `${shown(work.now)} instead of ${shown(work.before)} ${done.counts} a second`;
    return offer(0.3, `${told}, but the primary has ${grown}.`, [done.series.id]);
  }
  const harm = harmOf(context, target.arn);
  const because = `${told}, with no more to replay than before`;
  return harm === null
    ? offer(0.75, `${because}.`)
    : offer(0.85, `${because}, and its readers fail more.`, [harm.series]);
};

/** Null where it is no replica. */
const paramsFor = (target: Resource): Readonly<{ DBInstanceIdentifier: string; Primary: string }> | null => {
  const [, DBInstanceIdentifier] = arnParts(target.arn);
  const [, Primary] = arnParts(target.root);
  const isReplica = target.attributes.isReplica === true && target.root !== target.arn;
  return !isReplica || DBInstanceIdentifier === undefined || Primary === undefined
    ? null
    : { DBInstanceIdentifier, Primary };
};

/** Reboots a read replica that falls behind although neither it nor its primary has more to do. */
export const rdsReplicaReboot: Runbook = {
  id: ID,
  version: "1.0.0",
  title: "Reboot a read replica",
  kind: "effect",
  effect: "Reads from the replica fail for one to two minutes; what runs on it ends, and it then catches up.",
  targetType: TARGET_TYPE,
  parameters: z.strictObject({ DBInstanceIdentifier: identifier, Primary: identifier }),
  tier: 2,
  reversal: "not-needed",
  documents: loadDocuments(ID),
  expectedMinutes: 6,
  cooldownSeconds: 2 * 3600,
  whenRecovered: "finish",
  treats: ["AWS/RDS/ReplicaLag"],
  endsDeployment: false,
  blastRadius: () => ({ share: 1, resources: 1, zones: 1, dataStore: true, capacity: null }),
  suitsWhen: "A read replica is more than a minute behind while it is idle and its primary writes no more than usual.",
  aim: paramsFor,
  suits: (context) =>
    context.resources.filter(({ type }) => type === TARGET_TYPE).flatMap((target) => suggest(context, target)),
};
