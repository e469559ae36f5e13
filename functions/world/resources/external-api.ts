import { count, latency, type ResourceBehaviour, resourceType, sparse } from "../resource-type.ts";
import { eitherFails, largestCause, overflow } from "../saturation.ts";
import type { ResourceState, World } from "../state.ts";
import { isEcsService, runningCount } from "./ecs-deployments.ts";

/**
 * Whose calls a provider refuses since its key was changed: a `share` of those of tasks that read the key before that; or
 * all of tasks that started since, and of a `share` of the others. `tasksStarted` is the client's count at that time.
 */
type RefusedKeys = Readonly<{ tasks: "started-before" | "started-since"; tasksStarted: number; share: number }>;

/** A provider's API: nobody here can restart, enlarge or roll it back. What is known of it is what its callers report. */
export type ExternalApi = ResourceState & {
  readonly kind: "external-api";
  readonly latencyMs: number;
  /** Requests a second that the contract names. */
  readonly contractedPerSecond: number;
  /** Requests a second that the provider takes in truth; what is over it is answered with 429. Nothing shows it. */
  quotaPerSecond: number;
  /** ARN of the service whose tasks the provider counts, or whose keys it checks; null where that makes no difference. */
  client: string | null;
  /** What each task of the client asks by itself, whatever users do, a second. Counts against the quota. */
  pollsPerTask: number;
  /** So many tasks of the client get a session; null: as many as there are. */
  mostSessions: number | null;
  refusedKeys: RefusedKeys | null;
  /** Whether the callers' metrics of it arrive. */
  isReporting: boolean;
};

export const isExternalApi = (resource: ResourceState): resource is ExternalApi => resource.kind === "external-api";

const OWN_ERRORS = 0.0002; // providers promise 99.9 %; a healthy one does better

type Client = Readonly<{ tasks: number; startedSince: number }>;
/** Functions have no tasks to count: what depends on them stays as it was when it began. */
const ONE_CLIENT: Client = { tasks: 1, startedSince: 0 };

const clientOf = (world: World, { client, refusedKeys }: ExternalApi): Client => {
  const state = client === null ? undefined : world.resources[client];
  if (state === undefined || !isEcsService(state)) return ONE_CLIENT;
  return { tasks: runningCount(state), startedSince: state.tasksStarted - (refusedKeys?.tasksStarted ?? 0) };
};

/** Share of calls with a key that the provider does not take. */
const keyFailure = (keys: RefusedKeys | null, { tasks, startedSince }: Client): number => {
  if (keys === null) return 0;
  const renewed = tasks > 0 ? Math.min(1, startedSince / tasks) : 0;
  return keys.tasks === "started-before" ? keys.share * (1 - renewed) : eitherFails(keys.share, renewed);
};

/** Whether the provider refuses any call for its key. */
export const isRefusingKeys = (world: World, state: ExternalApi): boolean =>
  keyFailure(state.refusedKeys, clientOf(world, state)) > 0;

const behaviour: ResourceBehaviour<ExternalApi> = {
  kind: "external-api",
  isOne: isExternalApi,
  describe: (state) => ({
    type: "AWS::Events::ApiDestination",
    zones: 1,
    tags: {},
    attributes: { invocationRateLimitPerSecond: state.contractedPerSecond },
  }),
  configuration: () => ({}),

  serve: (world, state, { demand }) => {
    const client = clientOf(world, state);
    const utilisation = (demand + state.pollsPerTask * client.tasks) / state.quotaPerSecond;
    const throttled = overflow(utilisation);
    const noSession = state.mostSessions === null ? 0 : overflow(client.tasks / state.mostSessions);
    const wrongKey = keyFailure(state.refusedKeys, client);
    return {
      demand,
      passed: demand,
      errorRate: eitherFails(eitherFails(throttled, OWN_ERRORS), eitherFails(noSession, wrongKey)),
      latencyMs: state.latencyMs,
      utilisation,
      capacity: state.quotaPerSecond,
      message: largestCause([
        [throttled, "429 Too Many Requests"],
        [noSession, "503 no free session for this client"],
        [wrongKey, "401 Unauthorized: key is not valid"],
      ]),
      gauges: { throttled, isReporting: state.isReporting ? 1 : 0 },
    };
  },
  elapse: null,

  // No metric of AWS's own: the client library of the callers publishes these.
  samples: (state, { demand, errorRate, latencyMs, gauges }) => {
    const isReporting = gauges.isReporting !== 0;
    const perMinute = isReporting ? demand * 60 : null;
    return [
      {
        namespace: "Custom/Upstream",
        dimensions: { Provider: state.name },
        levels: {
          Requests: count(perMinute),
          Errors: sparse(perMinute === null ? null : perMinute * errorRate),
          Throttles: sparse(perMinute === null ? null : perMinute * (gauges.throttled ?? 0)),
          Latency: latency(isReporting ? latencyMs : null),
        },
      },
    ];
  },
  happen: (_world, state) => {
    state.isReporting = true;
  },
  release: null,
  join: null,
  habits: [],
  apis: [],
};

export const externalApi = resourceType(behaviour);
