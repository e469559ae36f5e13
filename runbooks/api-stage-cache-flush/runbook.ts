import { z } from "zod";
import type { Context } from "../../functions/core/context.ts";
import type { Resource } from "../../functions/core/evidence.ts";
import type { Params, Runbook, Suggestion } from "../../functions/core/runbook.ts";
import { harmAt, levelsOf, pointsOf, riseOf, seriesOf, shown, textOf, wasTried } from "../facts.ts";
import { loadDocuments } from "../load-document.ts";
import { strainBelow } from "../strain.ts";

const ID = "api-stage-cache-flush";
const TARGET_TYPE = "AWS::ApiGateway::Stage";

/** Refusals that no busy hour explains. */
const REFUSALS = { ratio: 2, floor: 10 } as const;
/** Requests that come on top: refusals among them are strangers', not users'. */
const MORE_REQUESTS = 1.15;
/** Of what users ask, about what a stage's cache answers: while it fills again, that share waits for the integration. */
const USUAL_HITS = 0.5;
/** A cache that answers less than this has nothing stale to answer. */
const LEAST_HITS = 0.1;

const aim = (target: Resource): Params | null => {
  const RestApiId = textOf(target, "restApiId");
  const StageName = textOf(target, "stageName");
  if (textOf(target, "cacheClusterStatus") !== "AVAILABLE" || RestApiId === null || StageName === null) return null;
  return { RestApiId, StageName };
};

const suggest = (context: Context, target: Resource): readonly Suggestion[] => {
  const params = aim(target);
  const refused = seriesOf(context, target.arn, "4XXError");
  const asked = levelsOf(context, pointsOf(seriesOf(context, target.arn, "Count"), "left-out"));
  const hits = levelsOf(context, pointsOf(seriesOf(context, target.arn, "CacheHitCount"), "zero"));
  if (params === null || refused === null || asked === null || hits === null) return [];
  if (wasTried(context, ID, target.arn)) return [];
  const rise = riseOf(context, { id: refused.id, what: "4XXError" }, pointsOf(refused, "zero"), REFUSALS);
  if (rise === null) return [];
  const told = `${target.name} refuses ${shown(rise.now)} requests a minute, ${shown(rise.before)} before`;
  const offer = (fit: number, because: string, evidence: readonly string[]): readonly Suggestion[] => [
    { target: target.arn, params, fit, because, evidence: [refused.id, ...evidence] },
  ];
  if (asked.now > asked.before * MORE_REQUESTS)
    return offer(0.25, `${told}, of ${shown(asked.now)} instead of ${shown(asked.before)}.`, []);
  if (hits.now < LEAST_HITS * asked.now) return offer(0.2, `${told}, but its cache answers next to none.`, []);
  const strain = strainBelow(context, target.arn);
  if (strain !== null) return offer(0.3, `${told}, but ${strain.because}.`, strain.evidence);
  const failing = harmAt(context, target.arn);
  if (failing !== null) return offer(0.35, `${told}, but it fails by itself too.`, [failing.series]);
  return offer(
    0.8,
    `${told}, while its cache answers ${shown(hits.now)} of as many as ever and its origin is well.`,
    [],
  );
};

/** Empties a stage's cache: what it holds is asked for anew. */
export const apiStageCacheFlush: Runbook = {
  id: ID,
  version: "1.0.0",
  title: "Empty the cache of an API Gateway stage",
  kind: "effect",
  effect: "Every answer is asked for anew: for some minutes the integration gets all requests, and users wait for it.",
  targetType: TARGET_TYPE,
  parameters: z.strictObject({
    RestApiId: z.string().regex(/^[a-z0-9]{10}$/),
    StageName: z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_-]{0,127}$/),
  }),
  tier: 1,
  reversal: "not-needed",
  documents: loadDocuments(ID),
  expectedMinutes: 3,
  cooldownSeconds: 1800,
  whenRecovered: "finish",
  treats: ["AWS/ApiGateway/4XXError"],
  endsDeployment: false,
  // The stage and its integration, which gets all requests. A cache is its region's, in no zone, and one service waits.
  blastRadius: () => ({ share: USUAL_HITS, resources: 2, zones: 1, dataStore: false, capacity: null }),
  suitsWhen:
    "A stage with a cache refuses many more requests than before, of as many as ever, and its integration is well.",
  aim,
  suits: (context) =>
    context.resources.filter(({ type }) => type === TARGET_TYPE).flatMap((target) => suggest(context, target)),
};
