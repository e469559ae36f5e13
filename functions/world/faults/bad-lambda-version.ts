import { alarmNames } from "../initial-alarms.ts";
import { between } from "../random.ts";
import { releaseCode } from "../releases.ts";
import { isLambdaFunction, type LambdaFunction } from "../resources/lambda-api.ts";
import type { World } from "../state.ts";
import { arnsOf } from "../topology.ts";
import { type Fault, type FaultParameters, numberOf, textOf } from "./fault.ts";

const functionAt = (world: World, parameters: FaultParameters): LambdaFunction => {
  const state = world.resources[textOf(parameters, "arn")];
  if (state === undefined || !isLambdaFunction(state)) throw new Error("the fault names no function");
  return state;
};

/** The alias moves to a version whose code fails on a share of the messages. */
export const badLambdaVersion: Fault = {
  id: "bad-lambda-version",
  family: "code-bug",
  likelihood: 0.27,
  good: ["lambda-alias-rollback"],
  bad: ["ecs-rollback", "ecs-scale-out", "rds-reboot"],
  draw: (topology, stream) => ({
    arn: arnsOf(topology).worker,
    errorRate: between(`${stream}|severity`, 0, 0.12, 0.95),
    latencyFactor: between(`${stream}|speed`, 0, 0.6, 2.5),
  }),
  healsAloneAfterMinutes: () => null,
  start: (world, parameters) => {
    releaseCode(world, textOf(parameters, "arn"), {
      errorRate: numberOf(parameters, "errorRate"),
      latencyFactor: numberOf(parameters, "latencyFactor"),
      message: "KeyError: 'customer_id'",
    });
    const { functionVersion, previousFunctionVersion } = functionAt(world, parameters);
    world.fault.memory = { bad: functionVersion, good: previousFunctionVersion ?? "" };
  },
  isPresent: (world, parameters) => functionAt(world, parameters).functionVersion === world.fault.memory.bad,
  heal: (world, parameters, act) => {
    const { name, alias } = functionAt(world, parameters);
    const FunctionVersion = String(world.fault.memory.good);
    act({ service: "lambda", api: "UpdateAlias", input: { FunctionName: name, Name: alias, FunctionVersion } });
  },
  alarm: (topology) => alarmNames(topology).workerErrors,
};
