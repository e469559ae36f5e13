import { z } from "zod";
import type { Context } from "../../functions/core/context.ts";
import type { Resource, Series } from "../../functions/core/evidence.ts";
import type { Runbook, Suggestion } from "../../functions/core/runbook.ts";
import { databaseWork } from "../database-work.ts";
import { arnParts, harmOf, median, numberOf, pointsOf, seriesOf, shown, textOf, wasTried } from "../facts.ts";
import { loadDocuments } from "../load-document.ts";

const ID = "rds-reboot";
const TARGET_TYPE = "AWS::RDS::DBInstance";

/** Fewer minutes show no trend. */
const LEAST_POINTS = 12;
/** Sessions that pile up: a third more than at the start of the hour. */
const GROWTH = 1.3;
/** Work that keeps pace with its sessions is load, and a reboot would drop it. */
const WORK_GROWTH = 1.2;
/** A dip deeper than this within five minutes is load that comes and goes, not a leak. */
const DIP_SHARE = 0.92;
/** A climb of which so little is left in the last three minutes has met a ceiling. */
const LEVEL_SHARE = 0.08;
/** A leak takes its time; half of a climb within three minutes is pools that grew or sessions that wait. */
const LEAP_SHARE = 0.5;
/** Pools fail before the last slot is gone; some are reserved for administrators. */
const FULL_SHARE = 0.8;
/** A database that is busy needs less work, not a restart. */
const BUSY_PERCENT = 85;

/** The median of every `width` neighbours, which hides single readings. */
const smoothed = (values: readonly number[], width: number): readonly number[] =>
  values.slice(width - 1).map((_, i) => median(values.slice(i, i + width)));

type Trend = Readonly<{ first: number; last: number; climbs: boolean; levelsOff: boolean; leaps: boolean }>;

/** How a series went over the whole window; null where it is too short. */
const trendOf = (series: Series | null): Trend | null => {
  const values = pointsOf(series, "left-out").map(({ value }) => value);
  if (values.length < LEAST_POINTS) return null;
  const first = median(values.slice(0, 3));
  const last = median(values.slice(-3));
  const shortlyBefore = median(values.slice(-6, -3));
  const course = smoothed(values, 5);
  const climbs = course.slice(5).every((value, i) => value >= (course[i] ?? 0) * DIP_SHARE);
  const quick = smoothed(values, 3);
  const leaps = quick.slice(3).some((value, i) => value - (quick[i] ?? 0) > LEAP_SHARE * (last - first));
  const levelsOff = Math.abs(last - shortlyBefore) <= LEVEL_SHARE * Math.abs(last - first);
  return { first, last, climbs, levelsOff, leaps };
};

const suggest = (context: Context, target: Resource): readonly Suggestion[] => {
  const connected = seriesOf(context, target.arn, "DatabaseConnections");
  const done = databaseWork(context, target.arn);
  const sessions = trendOf(connected);
  const work = trendOf(done?.series ?? null);
  const cpu = trendOf(seriesOf(context, target.arn, "CPUUtilization"));
  const [, instance] = arnParts(target.arn);
  if (connected === null || done === null || sessions === null || work === null || instance === undefined) return [];
  if (wasTried(context, ID, target.arn) || (textOf(target, "status") ?? "available") !== "available") return [];
  if (!sessions.climbs || sessions.last < sessions.first * GROWTH || work.last > work.first * WORK_GROWTH) return [];
  const evidence = [connected.id, done.series.id];
  const told =
    `${target.name} went from ${shown(sessions.first)} to ${shown(sessions.last)} connections ` +
    `while ${done.counts} went from ${shown(work.first)} to ${shown(work.last)} a second`;
  const offer = (fit: number, because: string, more: readonly string[] = []): readonly Suggestion[] => [
    { target: target.arn, params: { DBInstanceIdentifier: instance }, fit, because, evidence: [...evidence, ...more] },
  ];
  if (cpu !== null && cpu.last >= BUSY_PERCENT) return offer(0.25, `${told}, but it is at ${shown(cpu.last)} % CPU.`);
  if (sessions.leaps) return offer(0.3, `${told}, but all at once.`);
  const most = numberOf(target, "maxConnections");
  const isFull = most === null ? sessions.levelsOff : sessions.last >= FULL_SHARE * most;
  const harm = harmOf(context, target.arn);
  if (!isFull && harm === null) return offer(0.4, `${told}, and nothing fails yet.`);
  const ceiling = isFull ? `${told}, near the most that it takes` : told;
  return harm === null
    ? offer(0.8, `${ceiling}.`)
    : offer(isFull ? 0.9 : 0.75, `${ceiling}, and its callers fail more than before.`, [harm.series]);
};

/** Reboots a database instance whose sessions pile up without work: there is no AWS API that ends sessions alone. */
export const rdsReboot: Runbook = {
  id: ID,
  version: "1.0.0",
  title: "Reboot a database instance",
  kind: "effect",
  effect: "The database is away for one to two minutes; every session ends and open transactions are rolled back.",
  targetType: TARGET_TYPE,
  parameters: z.strictObject({ DBInstanceIdentifier: z.string().regex(/^[A-Za-z](-?[A-Za-z0-9]){0,62}$/) }),
  tier: 2,
  reversal: "not-needed",
  documents: loadDocuments(ID),
  expectedMinutes: 8,
  cooldownSeconds: 6 * 3600,
  whenRecovered: "finish",
  treats: ["AWS/RDS/DatabaseConnections", "AWS/ApplicationELB/HTTPCode_Target_5XX_Count"],
  endsDeployment: false,
  blastRadius: () => ({ share: 1, resources: 1, zones: 1, dataStore: true, capacity: null }),
  suitsWhen: "Sessions of a database climb towards its maximum while its work does not grow.",
  aim: ({ arn }) => {
    const [, DBInstanceIdentifier] = arnParts(arn);
    return DBInstanceIdentifier === undefined ? null : { DBInstanceIdentifier };
  },
  suits: (context) =>
    context.resources.filter(({ type }) => type === TARGET_TYPE).flatMap((target) => suggest(context, target)),
};
