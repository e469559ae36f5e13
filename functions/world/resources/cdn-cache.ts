import type { Inflow } from "../resource-type.ts";
import { dependencyCost } from "../saturation.ts";
import { MINUTE_MS, type Served } from "../state.ts";

/**
 * A cache of answers in front of an origin: of a distribution, or of a stage. A front's demand is what no cache may
 * answer; with each of those come `cacheable` requests that it may.
 */
export type AnswerCache = {
  readonly cacheable: number;
  /** How full it is of what is asked for, 0..1, and how full it can become: less where no two requests are alike. */
  fill: number;
  ceiling: number;
  /** Share of what it holds that is wrong, 0..1: an error, or an answer that no longer holds. */
  spoiled: number;
};

/** A cache that has long been full. */
export const fullCache = (cacheable: number): AnswerCache => ({ cacheable, fill: 1, ceiling: 1, spoiled: 0 });

/** Everything in it is forgotten: the origin is asked for all until it is full again. */
export const forget = (cache: AnswerCache): void => {
  cache.fill = 0;
  cache.spoiled = 0;
};

/** What is wrong in it has reached its end of life; the rest stays. */
export const expire = (cache: AnswerCache): void => {
  cache.fill *= 1 - cache.spoiled;
  cache.spoiled = 0;
};

const OWN_MS = 6; // what it adds to what the origin takes
const OWN_ERRORS = 0.00002;

/** Hits are answered at once; all else is the origin's affair, and its errors are passed on. */
export const serveCached = (cache: AnswerCache, { demand, dependencies }: Inflow): Served => {
  const cost = dependencyCost(dependencies);
  const all = 1 + cache.cacheable;
  const hits = (cache.cacheable * cache.fill) / all;
  const wrong = hits * cache.spoiled;
  const failed = (1 - hits) * cost.errorRate;
  return {
    demand,
    passed: demand * all * (1 - hits),
    errorRate: Math.min(1, wrong + failed + OWN_ERRORS),
    latencyMs: OWN_MS + cost.latencyMs,
    utilisation: 0,
    capacity: Number.MAX_SAFE_INTEGER,
    message: failed > wrong ? cost.message : null,
    gauges: { requests: demand * all, hits, wrong, originErrors: cost.errorRate },
  };
};

const FILLS_IN_MS = 5 * MINUTE_MS; // a minute of misses brings a fifth of what is still missing
const FULL = 0.995;
const WORTH_A_LOOK = 0.004;

/** Misses that the origin answers fill it; true where it answers noticeably more than before. */
export const fillUp = (cache: AnswerCache, { demand, gauges }: Served, elapsedMs: number): boolean => {
  const { fill: before, ceiling } = cache;
  if (before >= ceiling || demand <= 0) return false;
  const answered = 1 - (gauges.originErrors ?? 0);
  const after = ceiling - (ceiling - before) * Math.exp((-elapsedMs * answered) / FILLS_IN_MS);
  cache.fill = after > FULL * ceiling ? ceiling : after;
  return cache.fill - before > WORTH_A_LOOK || cache.fill === ceiling;
};
