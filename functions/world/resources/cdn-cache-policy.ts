import { type ResourceBehaviour, resourceType } from "../resource-type.ts";
import type { ResourceState } from "../state.ts";
import { type AnswerCache, fillUp, serveCached } from "./cdn-cache.ts";

/** What a distribution keeps of its origin, and for whom: pages always come from the origin, their files seldom. */
export type CachePolicy = ResourceState & { readonly kind: "cdn-cache-policy"; readonly cache: AnswerCache };

export const isCachePolicy = (resource: ResourceState): resource is CachePolicy => resource.kind === "cdn-cache-policy";

const behaviour: ResourceBehaviour<CachePolicy> = {
  kind: "cdn-cache-policy",
  isOne: isCachePolicy,
  describe: () => ({ type: "AWS::CloudFront::CachePolicy", zones: 3, tags: {}, attributes: {} }),
  configuration: ({ cache }) => ({ cacheable: cache.cacheable, ceiling: cache.ceiling }),
  serve: (_world, state, inflow) => serveCached(state.cache, inflow),
  elapse: (_world, state, served, elapsedMs) => fillUp(state.cache, served, elapsedMs),
  samples: () => [],
  happen: null,
  release: null,
  join: null,
  habits: [],
  apis: [],
};

export const cdnCachePolicy = resourceType(behaviour);
