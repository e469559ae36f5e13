import { z } from "zod";
import type { Context } from "../../functions/core/context.ts";
import type { Resource } from "../../functions/core/evidence.ts";
import type { Runbook, Suggestion } from "../../functions/core/runbook.ts";
import { callees, levelsOf, numberOf, pointsOf, riseOf, seriesOf, shown, wasTried } from "../facts.ts";
import { loadDocuments } from "../load-document.ts";

const ID = "rds-proxy-limit-connections";
const TARGET_TYPE = "AWS::RDS::DBProxy";
const percent = z.int().min(10).max(100);
/** Half of what is allowed: a busy database does more with fewer sessions at once. */
const AIM_SHARE = 0.5;
const LEAST_PERCENT = 20;
/** Clients that connect three times as often as usual have all lost their connections. */
const RECONNECTING = { ratio: 3, floor: 10 } as const;
const CROWDED = { ratio: 1.5, floor: 0 } as const;
const BUSY_PERCENT = 80;

const suggest = (context: Context, target: Resource): readonly Suggestion[] => {
  const params = paramsFor(target);
  const held = seriesOf(context, target.arn, "DatabaseConnections");
  const received = seriesOf(context, target.arn, "ClientConnectionsReceived");
  if (params === null || held === null || wasTried(context, ID, target.arn)) return [];
  const rise = (series: NonNullable<typeof held>, least: typeof CROWDED | typeof RECONNECTING) =>
    riseOf(context, { id: series.id, what: series.metric.metricName }, pointsOf(series, "left-out"), least);
  const crowded = rise(held, CROWDED);
  if (crowded === null) return [];
  const database = callees(context, target.arn).map(({ arn }) => seriesOf(context, arn, "CPUUtilization"));
  const busy = Math.max(0, ...database.map((one) => levelsOf(context, pointsOf(one, "left-out"))?.now ?? 0));
  const told = `${target.name} holds ${shown(crowded.now)} connections instead of ${shown(crowded.before)}`;
  const offer = (fit: number, because: string, more: readonly string[] = []): readonly Suggestion[] => [
    { target: target.arn, params, fit, because, evidence: [held.id, ...more] },
  ];
  if (busy < BUSY_PERCENT) return offer(0.2, `${told}, and the database has room for them.`);
  const again = received === null ? null : rise(received, RECONNECTING);
  return received === null || again === null
    ? offer(0.35, `${told} at ${shown(busy)} % CPU, but its clients stay connected.`)
    : offer(
        0.85,
        `${told} at ${shown(busy)} % CPU, and clients connect ${shown(again.now)} times a minute instead of ${shown(again.before)}.`,
        [received.id],
      );
};

/** Null where there is little left to take. */
const paramsFor = (target: Resource) => {
  const ExpectedMaxConnectionsPercent = numberOf(target, "maxConnectionsPercent");
  if (ExpectedMaxConnectionsPercent === null) return null;
  const MaxConnectionsPercent = Math.floor(ExpectedMaxConnectionsPercent * AIM_SHARE);
  return MaxConnectionsPercent < LEAST_PERCENT
    ? null
    : { DBProxyName: target.name, MaxConnectionsPercent, ExpectedMaxConnectionsPercent };
};

/** Lets a proxy open fewer connections to a database that is busy with reconnecting clients. */
export const rdsProxyLimitConnections: Runbook = {
  id: ID,
  version: "1.0.0",
  title: "Let an RDS proxy open fewer connections",
  kind: "effect",
  effect:
    "The proxy closes connections to the database as they become free; clients wait longer for one, and none is cut off.",
  targetType: TARGET_TYPE,
  parameters: z
    .strictObject({
      DBProxyName: z.string().regex(/^[A-Za-z](-?[A-Za-z0-9]){0,62}$/),
      MaxConnectionsPercent: percent,
      ExpectedMaxConnectionsPercent: percent,
    })
    .refine(
      ({ MaxConnectionsPercent, ExpectedMaxConnectionsPercent }) =>
        MaxConnectionsPercent < ExpectedMaxConnectionsPercent,
      "it only ever lowers the limit",
    ),
  tier: 1,
  reversal: "inverse",
  documents: loadDocuments(ID),
  expectedMinutes: 3,
  cooldownSeconds: 1800,
  whenRecovered: "finish",
  treats: ["AWS/RDS/DatabaseConnections", "AWS/RDS/CPUUtilization"],
  endsDeployment: false,
  departsFrom: "the proxy's MaxConnectionsPercent",
  blastRadius: ({ zones }) => ({ share: 0, resources: 1, zones, dataStore: true, capacity: null }),
  suitsWhen: "Clients of a proxy reconnect all the time, and the database behind it is busy with them.",
  aim: paramsFor,
  suits: (context) =>
    context.resources.filter(({ type }) => type === TARGET_TYPE).flatMap((target) => suggest(context, target)),
};
