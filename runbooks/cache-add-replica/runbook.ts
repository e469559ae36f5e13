import { z } from "zod";
import type { Context } from "../../functions/core/context.ts";
import type { Resource } from "../../functions/core/evidence.ts";
import type { Runbook, Suggestion } from "../../functions/core/runbook.ts";
import { arnParts, numberOf, pointsOf, riseOf, seriesOf, shown, textOf, wasTried } from "../facts.ts";
import { loadDocuments } from "../load-document.ts";

const ID = "cache-add-replica";
const TARGET_TYPE = "AWS::ElastiCache::ReplicationGroup";
/** One engine runs on one core: above this, requests queue. */
const BUSY = { ratio: 1.3, floor: 85 } as const;
const MORE_HITS = { ratio: 1.3, floor: 0 } as const;

const suggest = (context: Context, target: Resource): readonly Suggestion[] => {
  const params = paramsFor(target);
  const engine = seriesOf(context, target.arn, "EngineCPUUtilization");
  const hits = seriesOf(context, target.arn, "CacheHits");
  if (params === null || engine === null || wasTried(context, ID, target.arn)) return [];
  const rise = (series: typeof engine, least: typeof BUSY | typeof MORE_HITS) =>
    riseOf(context, { id: series.id, what: series.metric.metricName }, pointsOf(series, "left-out"), least);
  const busy = rise(engine, BUSY);
  if (busy === null) return [];
  const told = `The engine of ${target.name} went from ${shown(busy.before)} to ${shown(busy.now)} %`;
  const more = hits === null ? null : rise(hits, MORE_HITS);
  return hits === null || more === null
    ? [{ target: target.arn, params, fit: 0.35, because: `${told}, without more hits.`, evidence: [engine.id] }]
    : [
        {
          target: target.arn,
          params,
          fit: 0.85,
          because: `${told} while its hits went from ${shown(more.before)} to ${shown(more.now)} a minute.`,
          evidence: [engine.id, hits.id],
        },
      ];
};

/** Null where the group is changing already, or has another number of replicas than one. */
const paramsFor = (target: Resource) => {
  const ReplicationGroupId = arnParts(target.arn)[1];
  const LastReplica = textOf(target, "lastReplica");
  if (ReplicationGroupId === undefined || LastReplica === null) return null;
  if (numberOf(target, "replicaCount") !== 1 || textOf(target, "status") !== "available") return null;
  return { ReplicationGroupId, LastReplica };
};

/** Gives a cache whose engine is busy with hits one more node to answer them. */
export const cacheAddReplica: Runbook = {
  id: ID,
  version: "1.0.0",
  title: "Add a replica to a cache",
  kind: "effect",
  effect:
    "A second replica starts and copies the cache within ten minutes, without an interruption. It costs one node more.",
  targetType: TARGET_TYPE,
  parameters: z.strictObject({
    ReplicationGroupId: z.string().regex(/^[a-z](-?[a-z0-9]){0,39}$/),
    LastReplica: z.string().regex(/^[a-z](-?[a-z0-9]){0,49}$/),
  }),
  tier: 0,
  reversal: "inverse",
  documents: loadDocuments(ID),
  expectedMinutes: 10,
  cooldownSeconds: 3600,
  whenRecovered: "finish",
  treats: ["AWS/ElastiCache/EngineCPUUtilization"],
  endsDeployment: false,
  departsFrom: "the replication group's number of replicas",
  blastRadius: ({ zones }) => ({ share: 0, resources: 1, zones, dataStore: false, capacity: null }),
  suitsWhen: "The engine of a cache is busy and answers more hits than usual.",
  aim: paramsFor,
  suits: (context) =>
    context.resources.filter(({ type }) => type === TARGET_TYPE).flatMap((target) => suggest(context, target)),
};
