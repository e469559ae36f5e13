import { rememberedTexts } from "../core/remembered.ts";
import type { DependencyView } from "./resource-type.ts";

/** How much slower a server is at this utilisation: 1 when idle, 2.3 at 0.75, 30 where it is full (an M/M/1-like bend). */
export const slowdown = (utilisation: number): number => {
  const busy = Math.min(Math.max(utilisation, 0), 0.97);
  return 1 + busy ** 4 / (1 - busy);
};

/** Share of the demand that a server past its capacity cannot take. */
export const overflow = (utilisation: number): number => (utilisation > 1 ? 1 - 1 / utilisation : 0);

const LATENCY_SIGMA = 0.5; // spread of the logarithm of a request's latency; p99 is then 3.2 times the median

/** Share of requests slower than a limit when latency is log-normal around `latencyMs` (a logistic fit of the normal tail). */
export const shareSlowerThan = (latencyMs: number, limitMs: number): number => {
  if (latencyMs <= 0) return 0;
  const z = Math.log(limitMs / latencyMs) / LATENCY_SIGMA;
  return 1 / (1 + Math.exp(1.5976 * z + 0.07056 * z ** 3));
};

/** Both can fail: the share for which at least one does. */
export const eitherFails = (one: number, other: number): number => 1 - (1 - one) * (1 - other);

/** What all calls of one request cost: the share of requests that they fail, their time, and who to blame in the log. */
export const dependencyCost = (
  dependencies: readonly DependencyView[],
): Readonly<{ errorRate: number; latencyMs: number; message: string | null }> => {
  let errorRate = 0;
  let latencyMs = 0;
  let worst: DependencyView | null = null;
  for (const view of dependencies) {
    if (view.edge.isAsync) continue;
    errorRate = eitherFails(errorRate, 1 - (1 - view.errorRate) ** view.edge.callsPerRequest);
    latencyMs += view.latencyMs * view.edge.callsPerRequest;
    if (worst === null || view.errorRate > worst.errorRate) worst = view;
  }
  return {
    errorRate,
    latencyMs,
    message: worst === null ? null : (worst.message ?? blameOn(worst.edge.to)),
  };
};

/** One text for one callee: it is said in every flow. */
const blameOn = rememberedTexts(
  (arn) => `upstream ${arn.slice(Math.max(arn.lastIndexOf("/"), arn.lastIndexOf(":")) + 1)} failed or timed out`,
);

/** The message of the largest of several causes. */
export const largestCause = (causes: readonly (readonly [share: number, message: string | null])[]): string | null => {
  let largest: readonly [number, string | null] = [0, null];
  for (const cause of causes) if (cause[0] > largest[0]) largest = cause;
  return largest[1];
};
