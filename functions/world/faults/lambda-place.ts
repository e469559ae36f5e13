import type { LambdaFunction } from "../resources/lambda-versions.ts";
import type { ApiCall } from "../types.ts";

/** PutFunctionConcurrency as a person at the console calls it: so many executions at once are kept for the function. */
export const reserve = ({ name }: LambdaFunction, ReservedConcurrentExecutions: number): ApiCall => ({
  service: "lambda",
  api: "PutFunctionConcurrency",
  input: { FunctionName: name, ReservedConcurrentExecutions },
});

/** The same for what piled up until somebody came: with twice the hands the function catches up within the hour. */
export const reserveTwice = (state: LambdaFunction): ApiCall => reserve(state, (state.reservedConcurrency ?? 1) * 2);

/** UpdateAlias as a person at the console calls it: to another version, or without a canary. */
export const updateAlias = (
  { name, alias }: LambdaFunction,
  change: Readonly<
    { FunctionVersion: string } | { RoutingConfig: Readonly<{ AdditionalVersionWeights: Record<string, never> }> }
  >,
): ApiCall => ({ service: "lambda", api: "UpdateAlias", input: { FunctionName: name, Name: alias, ...change } });
