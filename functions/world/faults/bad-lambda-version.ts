import { between } from "../random.ts";
import { releaseCode } from "../releases.ts";
import { isLambdaFunction } from "../resources/lambda-versions.ts";
import { type Fault, numberOf, stateAt, textOf } from "./fault.ts";
import { updateAlias } from "./lambda-place.ts";
import { placeOf } from "./place.ts";
import { shows } from "./symptom.ts";

/** The alias moves to a version whose code fails on a share of the calls. */
export const badLambdaVersion: Fault = {
  id: "bad-lambda-version",
  family: "code-bug",
  likelihood: 4,
  needs: ["lambda-function"],
  draw: (system, stream) => ({
    arn: placeOf(system, `${stream}|where`, isLambdaFunction).arn,
    errorRate: between(`${stream}|severity`, 0, 0.12, 0.95),
    latencyFactor: between(`${stream}|speed`, 0, 0.6, 2.5),
  }),
  remedies: () => [{ runbook: "lambda-alias-rollback", at: "arn", does: "heals" }],
  course: () => ({ kind: "persists" }),
  symptoms: (system, parameters) => [shows(system, textOf(parameters, "arn"), ["Errors", "Sum"], "up")],
  start: (world, active) => {
    const { parameters } = active;
    releaseCode(world, textOf(parameters, "arn"), {
      errorRate: numberOf(parameters, "errorRate"),
      latencyFactor: numberOf(parameters, "latencyFactor"),
      message: "KeyError: 'customer_id'",
    });
    const { functionVersion, previousFunctionVersion } = stateAt(world, active, "arn", isLambdaFunction);
    active.memory = { bad: functionVersion, good: previousFunctionVersion ?? "" };
  },
  isPresent: (world, active) => stateAt(world, active, "arn", isLambdaFunction).functionVersion === active.memory.bad,
  heal: (world, active, act) => {
    const FunctionVersion = String(active.memory.good);
    act(updateAlias(stateAt(world, active, "arn", isLambdaFunction), { FunctionVersion }));
  },
};
