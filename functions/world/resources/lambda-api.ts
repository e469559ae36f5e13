import { isoTime, sha256 } from "../../core/ids.ts";
import type { Json } from "../../core/json.ts";
import { type ApiHandler, type ApiInput, answered, failed, resourcesOfKind, textOf } from "../resource-type.ts";
import { type ResourceState, record, type World } from "../state.ts";
import type { ApiReply } from "../types.ts";

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
  /** Counts changes of the alias; its hash is the RevisionId. */
  revision: number;
  versions: Record<string, FunctionVersion>;
  reservedConcurrency: number | null;
};

export const isLambdaFunction = (resource: ResourceState): resource is LambdaFunction =>
  resource.kind === "lambda-function";

/** Points the alias at another published version. */
export const pointAlias = (world: World, state: LambdaFunction, version: string): void => {
  if (version !== state.functionVersion) state.previousFunctionVersion = state.functionVersion;
  state.functionVersion = version;
  state.updatedAtMs = world.nowMs;
  state.revision += 1;
  record(world, "alias-updated", { arn: state.arn, version });
};

const functionNamed = (world: World, input: ApiInput): LambdaFunction | null => {
  const name = textOf(input, "FunctionName");
  return resourcesOfKind(world, isLambdaFunction).find((one) => one.name === name || one.functionArn === name) ?? null;
};

const functionMissing = (input: ApiInput): ApiReply =>
  failed("ResourceNotFoundException", `Function not found: ${textOf(input, "FunctionName") ?? ""}`);

const revisionId = (state: LambdaFunction): string => {
  const digest = sha256(`${state.arn}#${state.revision}`);
  const part = (from: number, to: number): string => digest.slice(from, to);
  return [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-");
};

const showAlias = (state: LambdaFunction): Json => ({
  AliasArn: state.arn,
  Name: state.alias,
  FunctionVersion: state.functionVersion,
  Description: "",
  RevisionId: revisionId(state),
});

const aliasOf = (world: World, input: ApiInput): LambdaFunction | ApiReply => {
  const state = functionNamed(world, input);
  if (state === null) return functionMissing(input);
  const alias = textOf(input, "Name");
  return alias === state.alias
    ? state
    : failed("ResourceNotFoundException", `Cannot find alias arn: ${state.functionArn}:${alias}`);
};

const getAlias = (world: World, input: ApiInput): ApiReply => {
  const state = aliasOf(world, input);
  return "ok" in state ? state : answered(showAlias(state));
};

const updateAlias = (world: World, input: ApiInput): ApiReply => {
  const state = aliasOf(world, input);
  if ("ok" in state) return state;
  const expected = textOf(input, "RevisionId");
  if (expected !== null && expected !== revisionId(state))
    return failed(
      "PreconditionFailedException",
      "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id",
    );
  const version = textOf(input, "FunctionVersion") ?? state.functionVersion;
  if (state.versions[version] === undefined)
    return failed("ResourceNotFoundException", `Function not found: ${state.functionArn}:${version}`);
  pointAlias(world, state, version);
  return answered(showAlias(state));
};

const getFunctionConfiguration = (world: World, input: ApiInput): ApiReply => {
  const state = functionNamed(world, input);
  if (state === null) return functionMissing(input);
  const qualifier = textOf(input, "Qualifier");
  const version = qualifier === state.alias ? state.functionVersion : (qualifier ?? state.functionVersion);
  const found = state.versions[version];
  if (found === undefined)
    return failed("ResourceNotFoundException", `Function not found: ${state.functionArn}:${version}`);
  return answered({
    FunctionName: state.name,
    FunctionArn: qualifier === null ? state.functionArn : `${state.functionArn}:${qualifier}`,
    Version: qualifier === null ? "$LATEST" : version,
    Runtime: "nodejs22.x",
    MemorySize: 512,
    Timeout: 30,
    State: "Active",
    LastUpdateStatus: "Successful",
    LastModified: isoTime(state.updatedAtMs),
  });
};

const getFunctionConcurrency = (world: World, input: ApiInput): ApiReply => {
  const state = functionNamed(world, input);
  if (state === null) return functionMissing(input);
  return answered(
    state.reservedConcurrency === null ? {} : { ReservedConcurrentExecutions: state.reservedConcurrency },
  );
};

const putFunctionConcurrency = (world: World, input: ApiInput): ApiReply => {
  const state = functionNamed(world, input);
  if (state === null) return functionMissing(input);
  const reserved = input.ReservedConcurrentExecutions;
  if (!(typeof reserved === "number" && Number.isInteger(reserved) && reserved >= 0))
    return failed("InvalidParameterValueException", "ReservedConcurrentExecutions must be a whole number, 0 or more.");
  state.reservedConcurrency = reserved;
  return answered({ ReservedConcurrentExecutions: reserved });
};

const deleteFunctionConcurrency = (world: World, input: ApiInput): ApiReply => {
  const state = functionNamed(world, input);
  if (state === null) return functionMissing(input);
  state.reservedConcurrency = null;
  return answered({});
};

export const lambdaApis: readonly ApiHandler[] = [
  { service: "lambda", api: "GetAlias", changes: false, answer: getAlias },
  { service: "lambda", api: "UpdateAlias", changes: true, answer: updateAlias },
  { service: "lambda", api: "GetFunctionConfiguration", changes: false, answer: getFunctionConfiguration },
  { service: "lambda", api: "GetFunctionConcurrency", changes: false, answer: getFunctionConcurrency },
  { service: "lambda", api: "PutFunctionConcurrency", changes: true, answer: putFunctionConcurrency },
  { service: "lambda", api: "DeleteFunctionConcurrency", changes: true, answer: deleteFunctionConcurrency },
];
