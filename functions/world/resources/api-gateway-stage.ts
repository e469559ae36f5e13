import type { Json } from "../../core/json.ts";
import {
  type ApiInput,
  answered,
  count,
  failed,
  latency,
  type ResourceBehaviour,
  resourcesOfKind,
  resourceType,
  textOf,
} from "../resource-type.ts";
import { MINUTE_MS, type ResourceState, schedule, type World } from "../state.ts";
import type { ApiReply } from "../types.ts";
import { type AnswerCache, expire, fillUp, forget, serveCached } from "./cdn-cache.ts";

/** A stage of a REST API with its cache cluster. A stale answer sends its reader to what no longer exists: a 4XX. */
export type ApiStage = ResourceState & {
  readonly kind: "api-stage";
  readonly restApiId: string;
  readonly stageName: string;
  readonly cache: AnswerCache;
  isFlushing: boolean;
  flushes: number;
  /** Requests a second for paths that nobody serves, which no user sent. */
  probesPerSecond: number;
};

export const isApiStage = (resource: ResourceState): resource is ApiStage => resource.kind === "api-stage";

/** Longest life of an answer in a stage's cache: API Gateway's own limit. */
export const LONGEST_TTL_MS = 60 * MINUTE_MS;
const ORDINARY_REFUSALS = 0.004; // clients always ask for some things that are gone

const show = (state: ApiStage): Json => ({
  stageName: state.stageName,
  deploymentId: "d1",
  cacheClusterEnabled: true,
  cacheClusterSize: "0.5",
  cacheClusterStatus: state.isFlushing ? "FLUSH_IN_PROGRESS" : "AVAILABLE",
});

const withStage = (world: World, input: ApiInput, answer: (state: ApiStage) => ApiReply): ApiReply => {
  const [restApiId, stageName] = [textOf(input, "restApiId"), textOf(input, "stageName")];
  const state = resourcesOfKind(world, isApiStage).find(
    (one) => one.restApiId === restApiId && one.stageName === stageName,
  );
  return state === undefined ? failed("NotFoundException", "Invalid stage identifier specified") : answer(state);
};

const FLUSH_MS = 90_000; // the cluster forgets at once and says so for a minute or two

const flush = (world: World, input: ApiInput): ApiReply =>
  withStage(world, input, (state) => {
    forget(state.cache);
    state.isFlushing = true;
    state.flushes += 1;
    const subject = String(state.flushes);
    schedule(world, world.nowMs + FLUSH_MS, { kind: "resource", arn: state.arn, what: "flushed", subject });
    return answered({});
  });

const behaviour: ResourceBehaviour<ApiStage> = {
  kind: "api-stage",
  isOne: isApiStage,
  describe: (state) => ({
    type: "AWS::ApiGateway::Stage",
    zones: 3,
    tags: {},
    attributes: {
      restApiId: state.restApiId,
      stageName: state.stageName,
      cacheClusterEnabled: true,
      cacheClusterStatus: state.isFlushing ? "FLUSH_IN_PROGRESS" : "AVAILABLE",
    },
  }),
  configuration: ({ cache }) => ({ cacheable: cache.cacheable, ceiling: cache.ceiling }),
  serve: (_world, state, inflow) => {
    const served = serveCached(state.cache, inflow);
    return { ...served, gauges: { ...served.gauges, probes: state.probesPerSecond } };
  },
  elapse: (_world, state, served, elapsedMs) => fillUp(state.cache, served, elapsedMs),

  samples: (state, { errorRate, latencyMs, gauges }) => {
    const { requests: perSecond = 0, hits = 0, wrong = 0, probes = 0 } = gauges;
    const requests = perSecond * 60;
    const isAsked = requests > 0;
    return [
      {
        namespace: "AWS/ApiGateway",
        dimensions: { ApiName: state.name, Stage: state.stageName },
        levels: {
          Count: count(requests + probes * 60),
          "5XXError": count(requests * Math.max(0, errorRate - wrong)),
          "4XXError": count(requests * (wrong + ORDINARY_REFUSALS) + probes * 60),
          Latency: latency(isAsked ? latencyMs * (1 - hits) : null),
          IntegrationLatency: latency(isAsked ? latencyMs : null),
          CacheHitCount: count(requests * hits),
          CacheMissCount: count(requests * (1 - hits) + probes * 60),
        },
      },
    ];
  },
  happen: (_world, state, what, subject) => {
    if (what === "flushed" && subject === String(state.flushes)) state.isFlushing = false;
    if (what === "expired") expire(state.cache);
    if (what === "probed") state.probesPerSecond = 0;
  },
  release: null,
  join: null,
  habits: [
    {
      does: "restart",
      call: (_world, { restApiId, stageName }) => ({
        service: "apigateway",
        api: "FlushStageCache",
        input: { restApiId, stageName },
      }),
    },
  ],
  apis: [
    {
      service: "apigateway",
      api: "GetStage",
      changes: false,
      answer: (world, input) => withStage(world, input, (state) => answered(show(state))),
    },
    { service: "apigateway", api: "FlushStageCache", changes: true, answer: flush },
  ],
};

export const apiStage = resourceType(behaviour);
