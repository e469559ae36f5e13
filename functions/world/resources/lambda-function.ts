import { count, latency, type ResourceBehaviour, resourceType } from "../resource-type.ts";
import { dependencyCost, eitherFails, largestCause, overflow } from "../saturation.ts";
import { isLambdaFunction, type LambdaFunction, lambdaApis, pointAlias } from "./lambda-api.ts";

const ACCOUNT_CONCURRENCY = 1000; // AWS's default quota for concurrent executions

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
      reservedConcurrentExecutions: state.reservedConcurrency,
    },
  }),
  configuration: (state) => ({
    functionVersion: state.functionVersion,
    reservedConcurrency: state.reservedConcurrency,
  }),

  serve: (_world, state, { demand, dependencies }) => {
    const version = state.versions[state.functionVersion];
    if (version === undefined) throw new Error(`${state.arn}: its alias names a version that does not exist`);
    const cost = dependencyCost(dependencies);
    const durationMs = version.durationMs + cost.latencyMs;
    const capacity = ((state.reservedConcurrency ?? ACCOUNT_CONCURRENCY) * 1000) / durationMs;
    const utilisation = capacity > 0 ? demand / capacity : 10;
    const throttled = capacity > 0 ? overflow(utilisation) : 1;
    return {
      demand,
      passed: demand * (1 - throttled) * (1 - version.errorRate),
      errorRate: eitherFails(throttled, eitherFails(version.errorRate, cost.errorRate)),
      latencyMs: durationMs,
      utilisation,
      capacity,
      message: largestCause([
        [throttled, "Rate Exceeded."],
        [version.errorRate, version.message],
        [cost.errorRate, cost.message],
      ]),
      gauges: { throttled },
    };
  },
  elapse: null,

  samples: (_world, state, totals) => {
    const throttles = Math.min(totals.errors, Math.round(totals.requests * (totals.gauges.throttled ?? 0)));
    const invocations = totals.requests - throttles;
    const isInvoked = invocations > 0;
    return {
      namespace: "AWS/Lambda",
      dimensions: { FunctionName: state.name, Resource: `${state.name}:${state.alias}` },
      datapoints: {
        Invocations: count(isInvoked ? invocations : null),
        Errors: count(isInvoked ? totals.errors - throttles : null),
        Throttles: count(throttles),
        Duration: latency(isInvoked ? totals.latencyMs : null),
      },
    };
  },
  happen: null,
  release: (world, state, defect) => {
    const from = state.functionVersion;
    const to = String(Math.max(...Object.keys(state.versions).map(Number)) + 1);
    const current = state.versions[from];
    if (current === undefined) throw new Error(`${state.arn}: its alias names a version that does not exist`);
    const { errorRate, latencyFactor, message } = defect ?? { ...current, latencyFactor: 1 };
    state.versions[to] = { version: to, errorRate, durationMs: current.durationMs * latencyFactor, message };
    pointAlias(world, state, to);
    return { from, to };
  },
  apis: lambdaApis,
};

export const lambdaFunction = resourceType(behaviour);
