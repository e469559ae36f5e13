import { eitherFails, shareSlowerThan } from "../saturation.ts";
import { type ResourceState, record, type World } from "../state.ts";
import { isSqsQueue } from "./sqs-messages.ts";

/** What the code of one published version does. */
export type FunctionVersion = Readonly<{
  version: string;
  errorRate: number;
  durationMs: number;
  message: string | null;
}>;

/** A function with its published versions, known to the graph by the alias that callers use. */
export type LambdaFunction = ResourceState & {
  readonly kind: "lambda-function";
  readonly functionArn: string;
  readonly alias: string;
  functionVersion: string;
  previousFunctionVersion: string | null;
  updatedAtMs: number;
  /** The alias's AdditionalVersionWeights: one more version, with its share of the calls (0..1). */
  canary: Readonly<{ version: string; weight: number }> | null;
  routedAtMs: number | null;
  /** Counts changes of the alias; its hash is the RevisionId. */
  revision: number;
  versions: Record<string, FunctionVersion>;
  reservedConcurrency: number | null;
  /** ARN of the account's concurrency, from which it draws where it has no reservation, and how much it drew last. */
  readonly pool: string;
  drawn: number;
  /** ARN of the queue whose messages it handles; null where it is called directly. */
  readonly source: string | null;
  readonly timeoutMs: number;
  /** Time on top of what its code and its calls in the graph need: larger inputs, a provider that no graph knows. */
  addedMs: number;
  /** Execution environments that are initialised, how fast more become so, and what a call waits that finds none. */
  environments: number;
  environmentsPerMinute: number;
  initMs: number;
};

export const isLambdaFunction = (resource: ResourceState): resource is LambdaFunction =>
  resource.kind === "lambda-function";

/** Points the alias at another published version, whose environments have to start. */
export const pointAlias = (world: World, state: LambdaFunction, version: string): void => {
  if (version !== state.functionVersion) {
    state.previousFunctionVersion = state.functionVersion;
    state.environments *= state.canary?.version === version ? state.canary.weight : 0;
  }
  state.functionVersion = version;
  state.updatedAtMs = world.nowMs;
  state.revision += 1;
  record(world, "alias-updated", { arn: state.arn, version });
};

/** Gives another version a share of the calls, or takes it away; environments for the moved share have to start. */
export const routeShare = (world: World, state: LambdaFunction, canary: LambdaFunction["canary"]): void => {
  const moved = Math.abs((canary?.weight ?? 0) - (state.canary?.weight ?? 0));
  state.environments *= 1 - moved;
  state.canary = canary;
  state.routedAtMs = world.nowMs;
  state.revision += 1;
  record(world, "alias-routed", { arn: state.arn, canary });
};

/** The version that an alias names. Throws where it does not exist, which no API lets happen. */
export const versionOf = (state: LambdaFunction, version: string): FunctionVersion => {
  const found = state.versions[version];
  if (found === undefined) throw new Error(`${state.arn}: its alias names a version that does not exist`);
  return found;
};

/** What the alias's versions do together, by their weights. */
export const codeOf = (state: LambdaFunction): Omit<FunctionVersion, "version"> => {
  const main = versionOf(state, state.functionVersion);
  if (state.canary === null) return main;
  const { weight } = state.canary;
  const canary = versionOf(state, state.canary.version);
  return {
    errorRate: main.errorRate * (1 - weight) + canary.errorRate * weight,
    durationMs: main.durationMs * (1 - weight) + canary.durationMs * weight,
    message: canary.errorRate > main.errorRate ? canary.message : main.message,
  };
};

/** Share of the calls that carry a message which fails whatever code of today handles it: the handler hangs on it. */
export const spoiledShare = (world: World, state: LambdaFunction, demand: number): number => {
  const queue = state.source === null ? undefined : world.resources[state.source];
  if (queue === undefined || !isSqsQueue(queue) || queue.poisoned === 0 || demand <= 0) return 0;
  return Math.min(1, queue.poisoned / queue.visibilitySeconds / demand);
};

/** How long a call keeps its environment, and the share that runs into the function's timeout. */
export const runOf = (
  state: LambdaFunction,
  spanMs: number,
  spoiled: number,
): Readonly<{ busyMs: number; timedOut: number }> => {
  const soundMs = Math.min(spanMs, state.timeoutMs);
  return {
    busyMs: soundMs * (1 - spoiled) + state.timeoutMs * spoiled,
    timedOut: eitherFails(spoiled, shareSlowerThan(spanMs, state.timeoutMs)),
  };
};

/**
 * Share of the calls that wait for an environment to start, while `wanted` of them run at once. Where all start within
 * less than a minute, only that part of the minute counts.
 */
export const coldShare = (state: LambdaFunction, wanted: number): number => {
  const missing = wanted - state.environments;
  if (missing <= 0 || wanted <= 0) return 0;
  return (missing / wanted) * Math.min(1, missing / state.environmentsPerMinute);
};
