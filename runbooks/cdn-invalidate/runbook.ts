import { z } from "zod";
import type { Context } from "../../functions/core/context.ts";
import type { Resource } from "../../functions/core/evidence.ts";
import type { Params, Runbook, Suggestion } from "../../functions/core/runbook.ts";
import { harmAt, levelsOf, pointsOf, riseOf, seriesOf, shown, textOf, wasTried } from "../facts.ts";
import { loadDocuments } from "../load-document.ts";
import { strainBelow } from "../strain.ts";

const ID = "cdn-invalidate";
const TARGET_TYPE = "AWS::CloudFront::Distribution";

/** Percent of the answers: one in fifty is beyond what a browser's second try hides. */
const ERRORS = { ratio: 2, floor: 2 } as const;
/** Of what users ask, about what a distribution answers itself: while it fills again, that share waits for the origin. */
const USUAL_HITS = 0.9;
/** A cache that answers this much less than before is being lost already; emptying it would finish that. */
const LOST_SHARE = 0.9;

const aim = (target: Resource): Params | null => {
  const DistributionId = textOf(target, "distributionId");
  const isIdle = target.attributes.inProgressInvalidationBatches === 0;
  return DistributionId === null || !isIdle ? null : { DistributionId };
};

const suggest = (context: Context, target: Resource): readonly Suggestion[] => {
  const params = aim(target);
  const errors = seriesOf(context, target.arn, "5xxErrorRate");
  const hits = seriesOf(context, target.arn, "CacheHitRate");
  if (params === null || errors === null || hits === null || wasTried(context, ID, target.arn)) return [];
  const rise = riseOf(context, { id: errors.id, what: "5xxErrorRate" }, pointsOf(errors, "left-out"), ERRORS);
  const held = levelsOf(context, pointsOf(hits, "left-out"));
  if (rise === null || held === null) return [];
  const told = `${target.name} answers ${shown(rise.now)} % errors, ${shown(rise.before)} before`;
  const offer = (fit: number, because: string, evidence: readonly string[]): readonly Suggestion[] => [
    { target: target.arn, params, fit, because, evidence: [errors.id, ...evidence] },
  ];
  if (held.now < LOST_SHARE * held.before)
    return offer(
      0.2,
      `${told}, but it holds ${shown(held.now)} % of what is asked for, ${shown(held.before)} before.`,
      [hits.id],
    );
  const strain = strainBelow(context, target.arn);
  if (strain !== null) return offer(0.3, `${told}, but ${strain.because}.`, strain.evidence);
  const failing = context.resources.find(({ arn }) => target.dependsOn.includes(arn) && harmAt(context, arn) !== null);
  if (failing !== undefined) return offer(0.3, `${told}, and so does ${failing.name} behind it.`, []);
  return offer(0.85, `${told}, while its origin is well and as much as ever comes from its cache.`, [hits.id]);
};

/** Forgets what a distribution holds. All paths, always: which ones hold errors is nothing that a metric says. */
export const cdnInvalidate: Runbook = {
  id: ID,
  version: "1.0.0",
  title: "Invalidate everything that a CloudFront distribution holds",
  kind: "effect",
  effect: "Every file is asked of the origin again: for some minutes it gets several times its load, and users wait.",
  targetType: TARGET_TYPE,
  parameters: z.strictObject({ DistributionId: z.string().regex(/^E[A-Z0-9]{9,13}$/) }),
  tier: 1,
  reversal: "not-needed",
  documents: loadDocuments(ID),
  expectedMinutes: 4,
  cooldownSeconds: 3600,
  whenRecovered: "finish",
  treats: ["AWS/CloudFront/5xxErrorRate"],
  endsDeployment: false,
  // The distribution and its origin, which gets several times its load. Edges lie in no zone, and one service waits.
  blastRadius: () => ({ share: USUAL_HITS, resources: 2, zones: 1, dataStore: false, capacity: null }),
  suitsWhen: "A distribution answers more errors than before while its origin is well and its hit rate is what it was.",
  aim,
  suits: (context) =>
    context.resources.filter(({ type }) => type === TARGET_TYPE).flatMap((target) => suggest(context, target)),
};
