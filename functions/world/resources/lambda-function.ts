import { count, gauge, latency, type ResourceBehaviour, resourceType } from "../resource-type.ts";
import { dependencyCost, eitherFails, largestCause, overflow } from "../saturation.ts";
import { MINUTE_MS, type World } from "../state.ts";
import { concurrencyOf, drawFrom } from "./lambda-account.ts";
import { lambdaApis, revisionId } from "./lambda-api.ts";
import {
  codeOf,
  coldShare,
  isLambdaFunction,
  type LambdaFunction,
  pointAlias,
  runOf,
  spoiledShare,
  versionOf,
} from "./lambda-versions.ts";
import { queueAtArn } from "./sqs-messages.ts";

const FULL = 0.97; // of its concurrency: pollers of a queue with a backlog ask for more and are refused
const REFUSED_POLLS = 0.15; // of the calls, while they do
const WORTH_A_LOOK = 0.002; // share of cold calls that nobody notices

const refusedPolls = (world: World, state: LambdaFunction, utilisation: number): number =>
  utilisation >= FULL && (queueAtArn(world, state.source)?.backlog ?? 0) > 1 ? REFUSED_POLLS : 0;

const behaviour: ResourceBehaviour<LambdaFunction> = {
  kind: "lambda-function",
  isOne: isLambdaFunction,
  describe: (state) => ({
    type: "AWS::Lambda::Alias",
    zones: 3,
    tags: {},
    attributes: {
      functionName: state.name,
      aliasName: state.alias,
      functionVersion: state.functionVersion,
      previousFunctionVersion: state.previousFunctionVersion,
      updatedAtMs: state.updatedAtMs,
      additionalVersion: state.canary?.version ?? null,
      additionalVersionWeight: state.canary?.weight ?? null,
      routingUpdatedAtMs: state.routedAtMs,
      revisionId: revisionId(state),
      reservedConcurrentExecutions: state.reservedConcurrency,
      timeout: state.timeoutMs / 1000,
    },
  }),
  configuration: (state) => ({
    functionVersion: state.functionVersion,
    canary: state.canary,
    reservedConcurrency: state.reservedConcurrency,
  }),

  serve: (world, state, { demand, dependencies }) => {
    const code = codeOf(state);
    const cost = dependencyCost(dependencies);
    const spanMs = code.durationMs + state.addedMs + cost.latencyMs;
    const { busyMs, timedOut } = runOf(state, spanMs, spoiledShare(world, state, demand));
    const wanted = (demand * busyMs) / 1000;
    const most = concurrencyOf(world, state, wanted);
    const utilisation = most > 0 ? wanted / most : wanted > 0 ? 10 : 0;
    const throttled = most > 0 ? overflow(utilisation) : 1;
    const own = eitherFails(code.errorRate, timedOut);
    const answeredMs = Math.min(spanMs, state.timeoutMs) + coldShare(state, wanted) * state.initMs;
    return {
      demand,
      passed: demand * (1 - throttled) * (1 - code.errorRate),
      errorRate: eitherFails(throttled, eitherFails(own, cost.errorRate)),
      latencyMs: answeredMs,
      utilisation,
      capacity: (most * 1000) / busyMs,
      message: largestCause([
        [throttled, "Rate Exceeded."],
        [code.errorRate, code.message],
        [timedOut, `Task timed out after ${(state.timeoutMs / 1000).toFixed(2)} seconds`],
        [cost.errorRate, cost.message],
      ]),
      gauges: {
        throttled,
        wanted,
        running: Math.min(wanted, most),
        refused: refusedPolls(world, state, utilisation),
        busyMs,
        answeredMs,
      },
    };
  },
  elapse: (world, state, { gauges }, elapsedMs) => {
    const { wanted = 0 } = gauges;
    const before = coldShare(state, wanted);
    // An environment without work is taken back within minutes.
    const started = (state.environmentsPerMinute * elapsedMs) / MINUTE_MS;
    state.environments = Math.min(wanted, state.environments + started);
    const isFelt = drawFrom(world, state, wanted);
    return isFelt || Math.abs(coldShare(state, wanted) - before) > WORTH_A_LOOK;
  },

  samples: (state, { demand, errorRate, latencyMs, gauges }) => {
    const { throttled = 0, refused = 0, running = 0, busyMs = 0, answeredMs = 0 } = gauges;
    const invocations = demand * 60 * (1 - throttled);
    const isInvoked = invocations > 0.5;
    return [
      {
        namespace: "AWS/Lambda",
        dimensions: { FunctionName: state.name, Resource: `${state.name}:${state.alias}` },
        levels: {
          Invocations: count(isInvoked ? invocations : null),
          // Errors of code that ran; a throttled invocation never did.
          Errors: count(isInvoked ? demand * 60 * Math.max(0, errorRate - throttled) : null),
          Throttles: count(demand * 60 * (throttled + refused)),
          // What its caller waits beyond its own answer is no initialisation, but it is the function's time.
          Duration: latency(isInvoked ? busyMs + latencyMs - answeredMs : null),
          ConcurrentExecutions: gauge(isInvoked ? running : null, 0.05),
        },
      },
    ];
  },
  happen: null,
  release: (world, state, defect) => {
    const from = state.functionVersion;
    const to = String(Math.max(...Object.keys(state.versions).map(Number)) + 1);
    const current = versionOf(state, from);
    const { errorRate, latencyFactor, message } = defect ?? { ...current, latencyFactor: 1 };
    state.versions[to] = { version: to, errorRate, durationMs: current.durationMs * latencyFactor, message };
    pointAlias(world, state, to);
    return { from, to };
  },
  join: null,
  habits: [
    {
      does: "roll-back",
      call: (_world, { name, alias, previousFunctionVersion: FunctionVersion }) =>
        FunctionVersion === null
          ? null
          : { service: "lambda", api: "UpdateAlias", input: { FunctionName: name, Name: alias, FunctionVersion } },
    },
    {
      does: "enlarge",
      call: (_world, { name, reservedConcurrency }) =>
        reservedConcurrency === null
          ? null
          : {
              service: "lambda",
              api: "PutFunctionConcurrency",
              input: { FunctionName: name, ReservedConcurrentExecutions: Math.ceil(reservedConcurrency * 1.5) },
            },
    },
  ],
  apis: lambdaApis,
};

export const lambdaFunction = resourceType(behaviour);
