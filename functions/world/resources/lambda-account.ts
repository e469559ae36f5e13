import { gauge, type ResourceBehaviour, resourceType } from "../resource-type.ts";
import type { ResourceState, World } from "../state.ts";
import { ACCOUNT, REGION } from "../topology.ts";
import type { LambdaFunction } from "./lambda-versions.ts";

/**
 * The concurrency of all functions of an account in one Region. What no function has reserved is a pool that the others
 * share, those that the system does not know included.
 */
export type LambdaAccount = ResourceState & {
  readonly kind: "lambda-account";
  readonly limit: number;
  reserved: number;
  /** Concurrency that functions outside of the system want. */
  others: number;
  /** What the system's own functions without a reservation drew last. */
  drawn: number;
};

export const isLambdaAccount = (resource: ResourceState): resource is LambdaAccount =>
  resource.kind === "lambda-account";

/** AWS's default quota of concurrent executions, by its quota code, and what of it can never be reserved. */
export const ACCOUNT_CONCURRENCY = 1000;
export const LEAST_UNRESERVED = 100;
export const LAMBDA_ACCOUNT = `arn:aws:servicequotas:${REGION}:${ACCOUNT}:lambda/L-B99A9384`;

/** The account as one function's owner sees it when the clock starts; those of several functions are put together. */
export const lambdaAccount = (reserved: number | null): LambdaAccount => ({
  kind: "lambda-account",
  arn: LAMBDA_ACCOUNT,
  name: "concurrent-executions",
  service: "",
  root: LAMBDA_ACCOUNT,
  logGroup: null,
  uses: [],
  limit: ACCOUNT_CONCURRENCY,
  reserved: reserved ?? 0,
  others: 60, // an account has a handful of other small functions
  drawn: 0,
});

const accountOf = (world: World, state: LambdaFunction): LambdaAccount => {
  const account = world.resources[state.pool];
  if (account === undefined || !isLambdaAccount(account)) throw new Error(`${state.arn}: it is in no account`);
  return account;
};

/** Calls of a function that may run at once: its reservation, else its part of a pool that goes to who asks for most. */
export const concurrencyOf = (world: World, state: LambdaFunction, wanted: number): number => {
  if (state.reservedConcurrency !== null) return state.reservedConcurrency;
  const account = accountOf(world, state);
  const free = account.limit - account.reserved;
  const others = account.others + account.drawn - state.drawn;
  return wanted + others <= free ? free - others : (free * wanted) / (wanted + others);
};

const WORTH_TELLING = 10; // a hundredth of the account's limit

/** Notes what a function draws from the pool; true where the others should look again. */
export const drawFrom = (world: World, state: LambdaFunction, wanted: number): boolean => {
  const draws = state.reservedConcurrency === null ? wanted : 0;
  const added = draws - state.drawn;
  if (Math.abs(added) < WORTH_TELLING) return false;
  accountOf(world, state).drawn += added;
  state.drawn = draws;
  return true;
};

/** Reserves concurrency for a function; false where too little would be left for all others. */
export const reserve = (world: World, state: LambdaFunction, reserved: number | null): boolean => {
  const account = accountOf(world, state);
  const total = account.reserved - (state.reservedConcurrency ?? 0) + (reserved ?? 0);
  if (account.limit - total < LEAST_UNRESERVED) return false;
  account.reserved = total;
  state.reservedConcurrency = reserved;
  return true;
};

const behaviour: ResourceBehaviour<LambdaAccount> = {
  kind: "lambda-account",
  isOne: isLambdaAccount,
  // CloudFormation has no name for an account's settings; no graph of an incident holds them.
  describe: ({ limit }) => ({
    type: "AWS::Lambda::AccountSettings",
    zones: 3,
    tags: {},
    attributes: { concurrentExecutions: limit },
  }),
  configuration: ({ limit }) => ({ limit }),
  serve: (_world, { limit, reserved, others, drawn }) => ({
    demand: 0,
    passed: 0,
    errorRate: 0,
    latencyMs: 0,
    utilisation: 0,
    capacity: limit,
    message: null,
    gauges: { unreserved: Math.min(limit - reserved, others + drawn) },
  }),
  elapse: null,
  samples: (_state, { gauges }) => [
    {
      namespace: "AWS/Lambda",
      dimensions: {},
      levels: { UnreservedConcurrentExecutions: gauge(gauges.unreserved ?? 0, 0.03) },
    },
  ],
  happen: null,
  release: null,
  join: (one, other) => ({ ...one, reserved: one.reserved + other.reserved }),
  habits: [],
  apis: [],
};

export const lambdaAccountType = resourceType(behaviour);
