import { isoTime } from "../../core/ids.ts";
import type { Json } from "../../core/json.ts";
import {
  type ApiInput,
  answered,
  count,
  failed,
  latency,
  percent,
  type ResourceBehaviour,
  resourcesOfKind,
  resourceType,
  textOf,
} from "../resource-type.ts";
import { dependencyCost } from "../saturation.ts";
import { type ResourceState, schedule, type World } from "../state.ts";
import type { ApiReply } from "../types.ts";
import { type AnswerCache, forget } from "./cdn-cache.ts";
import { isCachePolicy } from "./cdn-cache-policy.ts";

type Invalidation = Readonly<{ id: string; reference: string; paths: readonly string[]; createdAtMs: number }> & {
  status: "InProgress" | "Completed";
};

/**
 * A CloudFront distribution: its pages and files go by a cache policy, its paths to other services straight to them. What
 * it holds, errors with a long life included, it answers by itself.
 */
export type Distribution = ResourceState & {
  readonly kind: "cdn-distribution";
  readonly distributionId: string;
  /** ARN of what says how much it keeps. */
  readonly cachePolicy: string;
  /** The newest last. */
  invalidations: Invalidation[];
};

export const isDistribution = (resource: ResourceState): resource is Distribution =>
  resource.kind === "cdn-distribution";

/** What a distribution holds. Throws where it has no cache policy. */
export const cacheOf = (world: World, state: Distribution): AnswerCache => {
  const policy = world.resources[state.cachePolicy];
  if (policy === undefined || !isCachePolicy(policy)) throw new Error(`${state.arn}: it has no cache policy`);
  return policy.cache;
};

const inProgress = ({ invalidations }: Distribution): number =>
  invalidations.filter(({ status }) => status === "InProgress").length;

const NO_SUCH = failed("NoSuchDistribution", "The specified distribution does not exist.");

const distributionOf = (world: World, input: ApiInput, member: string): Distribution | null => {
  const id = textOf(input, member);
  return resourcesOfKind(world, isDistribution).find((one) => one.distributionId === id) ?? null;
};

const showInvalidation = ({ id, status, createdAtMs, paths, reference }: Invalidation): Json => ({
  Id: id,
  Status: status,
  CreateTime: isoTime(createdAtMs),
  InvalidationBatch: { Paths: { Quantity: paths.length, Items: [...paths] }, CallerReference: reference },
});

const getDistribution = (world: World, input: ApiInput): ApiReply => {
  const state = distributionOf(world, input, "Id");
  return state === null
    ? NO_SUCH
    : answered({
        Distribution: {
          Id: state.distributionId,
          ARN: state.arn,
          Status: "Deployed",
          InProgressInvalidationBatches: inProgress(state),
          DomainName: `${state.distributionId.toLowerCase()}.cloudfront.net`,
        },
      });
};

const batchOf = (input: ApiInput): Readonly<{ reference: string; paths: readonly string[] }> | null => {
  const batch = input.InvalidationBatch;
  if (typeof batch !== "object" || batch === null || Array.isArray(batch)) return null;
  const { CallerReference, Paths } = batch as ApiInput;
  if (typeof CallerReference !== "string" || CallerReference === "") return null;
  const items = typeof Paths === "object" && Paths !== null && !Array.isArray(Paths) ? (Paths as ApiInput).Items : null;
  const paths = Array.isArray(items) ? items.filter((path) => typeof path === "string") : [];
  return paths.length === 0 ? null : { reference: CallerReference, paths };
};

const INVALIDATED_MS = 60_000; // CloudFront says that most take about a minute

/** Everything is forgotten as the call is taken; a batch with a reference that was seen before is that batch again. */
const createInvalidation = (world: World, input: ApiInput): ApiReply => {
  const state = distributionOf(world, input, "DistributionId");
  if (state === null) return NO_SUCH;
  const batch = batchOf(input);
  if (batch === null) return failed("InvalidArgument", "Your request contains an empty or malformed batch of paths.");
  const known = state.invalidations.find(({ reference }) => reference === batch.reference);
  if (known !== undefined) return answered({ Invalidation: showInvalidation(known) });
  const id = `I${String(state.invalidations.length + 1).padStart(13, "0")}`;
  const invalidation: Invalidation = { id, ...batch, createdAtMs: world.nowMs, status: "InProgress" };
  state.invalidations.push(invalidation);
  forget(cacheOf(world, state));
  schedule(world, world.nowMs + INVALIDATED_MS, { kind: "resource", arn: state.arn, what: "invalidated", subject: id });
  return answered({ Invalidation: showInvalidation(invalidation) });
};

const getInvalidation = (world: World, input: ApiInput): ApiReply => {
  const state = distributionOf(world, input, "DistributionId");
  if (state === null) return NO_SUCH;
  const found = state.invalidations.find(({ id }) => id === textOf(input, "Id"));
  return found === undefined
    ? failed("NoSuchInvalidation", "The specified invalidation does not exist.")
    : answered({ Invalidation: showInvalidation(found) });
};

const listInvalidations = (world: World, input: ApiInput): ApiReply => {
  const state = distributionOf(world, input, "DistributionId");
  if (state === null) return NO_SUCH;
  const items = state.invalidations.toReversed().map(({ id, status, createdAtMs }) => ({
    Id: id,
    Status: status,
    CreateTime: isoTime(createdAtMs),
  }));
  return answered({ InvalidationList: { IsTruncated: false, Quantity: items.length, Items: items } });
};

const behaviour: ResourceBehaviour<Distribution> = {
  kind: "cdn-distribution",
  isOne: isDistribution,
  describe: (state) => ({
    type: "AWS::CloudFront::Distribution",
    zones: 3,
    tags: {},
    attributes: {
      distributionId: state.distributionId,
      inProgressInvalidationBatches: inProgress(state),
    },
  }),
  configuration: ({ cachePolicy }) => ({ cachePolicy }),
  serve: (_world, _state, { demand, dependencies }) => {
    const { errorRate, latencyMs, message } = dependencyCost(dependencies);
    const [kept] = dependencies;
    return {
      demand,
      passed: demand,
      errorRate,
      latencyMs,
      utilisation: 0,
      capacity: Number.MAX_SAFE_INTEGER,
      message,
      gauges: { ...kept?.served.gauges, originMs: kept?.latencyMs ?? 0 },
    };
  },
  elapse: null,

  samples: (state, { errorRate, gauges }) => {
    const { requests = 0, hits = 0, originMs = 0 } = gauges;
    const isAsked = requests > 0;
    return [
      {
        namespace: "AWS/CloudFront",
        dimensions: { DistributionId: state.distributionId, Region: "Global" },
        levels: {
          Requests: count(requests * 60),
          "5xxErrorRate": percent(isAsked ? 100 * errorRate : null, 0.05),
          CacheHitRate: percent(isAsked ? 100 * hits : null, 0.02),
          OriginLatency: latency(isAsked ? originMs : null),
        },
      },
    ];
  },
  happen: (_world, state, what, subject) => {
    for (const invalidation of state.invalidations)
      if (what === "invalidated" && invalidation.id === subject) invalidation.status = "Completed";
  },
  release: null,
  join: null,
  habits: [
    {
      does: "restart",
      call: (world, { distributionId }) => ({
        service: "cloudfront",
        api: "CreateInvalidation",
        input: {
          DistributionId: distributionId,
          InvalidationBatch: { Paths: { Quantity: 1, Items: ["/*"] }, CallerReference: `console-${world.nowMs}` },
        },
      }),
    },
  ],
  apis: [
    { service: "cloudfront", api: "GetDistribution", changes: false, answer: getDistribution },
    { service: "cloudfront", api: "CreateInvalidation", changes: true, answer: createInvalidation },
    { service: "cloudfront", api: "GetInvalidation", changes: false, answer: getInvalidation },
    { service: "cloudfront", api: "ListInvalidations", changes: false, answer: listInvalidations },
  ],
};

export const cdnDistribution = resourceType(behaviour);
