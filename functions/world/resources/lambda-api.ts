import { isoTime, sha256 } from "../../core/ids.ts";
import type { Json } from "../../core/json.ts";
import { type ApiHandler, type ApiInput, answered, failed, resourcesOfKind, textOf } from "../resource-type.ts";
import type { World } from "../state.ts";
import type { ApiReply } from "../types.ts";
import { reserve } from "./lambda-account.ts";
import { isLambdaFunction, type LambdaFunction, pointAlias, routeShare } from "./lambda-versions.ts";

const functionNamed = (world: World, input: ApiInput): LambdaFunction | null => {
  const name = textOf(input, "FunctionName");
  return resourcesOfKind(world, isLambdaFunction).find((one) => one.name === name || one.functionArn === name) ?? null;
};

const functionMissing = (input: ApiInput): ApiReply =>
  failed("ResourceNotFoundException", `Function not found: ${textOf(input, "FunctionName") ?? ""}`);

/** The RevisionId of the alias: another one after every change. */
export const revisionId = (state: LambdaFunction): string => {
  const digest = sha256(`${state.arn}#${state.revision}`);
  const part = (from: number, to: number): string => digest.slice(from, to);
  return [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-");
};

const showAlias = (state: LambdaFunction): Json => ({
  AliasArn: state.arn,
  Name: state.alias,
  FunctionVersion: state.functionVersion,
  Description: "",
  ...(state.canary === null
    ? {}
    : { RoutingConfig: { AdditionalVersionWeights: { [state.canary.version]: state.canary.weight } } }),
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

/** The weights that a call asks for; undefined where it says nothing of them, or an error. */
const routingOf = (state: LambdaFunction, input: ApiInput): LambdaFunction["canary"] | undefined | ApiReply => {
  const routing = input.RoutingConfig;
  if (routing === undefined) return undefined;
  const weights = isRecord(routing) ? (routing.AdditionalVersionWeights ?? {}) : null;
  const entries = isRecord(weights) ? Object.entries(weights) : null;
  if (entries === null || entries.length > 1)
    return failed("InvalidParameterValueException", "An alias has at most one additional version.");
  const [entry] = entries;
  if (entry === undefined) return null;
  const [version, weight] = entry;
  if (typeof weight !== "number" || weight < 0 || weight > 1)
    return failed("InvalidParameterValueException", "A weight is a number from 0 to 1.");
  return state.versions[version] === undefined
    ? failed("ResourceNotFoundException", `Function not found: ${state.functionArn}:${version}`)
    : { version, weight };
};

const isRecord = (value: Json): value is Readonly<Record<string, Json>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

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
  const canary = routingOf(state, input);
  if (canary !== undefined && canary !== null && "ok" in canary) return canary;
  if ((canary ?? state.canary)?.version === version && canary !== null)
    return failed("InvalidParameterValueException", "The additional version must be another than the alias's own.");
  if (textOf(input, "FunctionVersion") !== null || canary === undefined) pointAlias(world, state, version);
  if (canary !== undefined) routeShare(world, state, canary);
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
    Timeout: state.timeoutMs / 1000,
    State: "Active",
    LastUpdateStatus: "Successful",
    LastModified: isoTime(state.updatedAtMs),
  });
};

const listVersionsByFunction = (world: World, input: ApiInput): ApiReply => {
  const state = functionNamed(world, input);
  if (state === null) return functionMissing(input);
  const versions = ["$LATEST", ...Object.keys(state.versions)];
  return answered({
    Versions: versions.map((Version) => ({
      FunctionName: state.name,
      FunctionArn: `${state.functionArn}:${Version}`,
      Version,
    })),
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
  if (!reserve(world, state, reserved))
    return failed(
      "InvalidParameterValueException",
      "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [100].",
    );
  return answered({ ReservedConcurrentExecutions: reserved });
};

const deleteFunctionConcurrency = (world: World, input: ApiInput): ApiReply => {
  const state = functionNamed(world, input);
  if (state === null) return functionMissing(input);
  reserve(world, state, null);
  return answered({});
};

export const lambdaApis: readonly ApiHandler[] = [
  { service: "lambda", api: "GetAlias", changes: false, answer: getAlias },
  { service: "lambda", api: "UpdateAlias", changes: true, answer: updateAlias },
  { service: "lambda", api: "GetFunctionConfiguration", changes: false, answer: getFunctionConfiguration },
  { service: "lambda", api: "ListVersionsByFunction", changes: false, answer: listVersionsByFunction },
  { service: "lambda", api: "GetFunctionConcurrency", changes: false, answer: getFunctionConcurrency },
  { service: "lambda", api: "PutFunctionConcurrency", changes: true, answer: putFunctionConcurrency },
  { service: "lambda", api: "DeleteFunctionConcurrency", changes: true, answer: deleteFunctionConcurrency },
];
