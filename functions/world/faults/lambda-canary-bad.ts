import { between } from "../random.ts";
import { releaseCode } from "../releases.ts";
import { isLambdaFunction, routeShare } from "../resources/lambda-versions.ts";
import { type Fault, numberOf, stateAt, textOf } from "./fault.ts";
import { updateAlias } from "./lambda-place.ts";
import { placeOf } from "./place.ts";
import { shows } from "./symptom.ts";

/** The pipeline gives a new version a share of the alias's calls, as a canary; its code fails. The alias itself stays. */
export const lambdaCanaryBad: Fault = {
  id: "lambda-canary-bad",
  family: "code-bug",
  likelihood: 3,
  needs: ["lambda-function"],
  draw: (system, stream) => ({
    arn: placeOf(system, `${stream}|where`, isLambdaFunction).arn,
    weight: Math.round(between(`${stream}|weight`, 0, 0.2, 0.5) * 100) / 100,
    errorRate: between(`${stream}|severity`, 0, 0.5, 0.98),
    latencyFactor: between(`${stream}|speed`, 0, 0.6, 2.5),
  }),
  remedies: () => [
    { runbook: "lambda-traffic-shift", at: "arn", does: "heals" },
    // The weights stay as they are when the alias goes back to the version before the last.
    { runbook: "lambda-alias-rollback", at: "arn", does: "nothing" },
  ],
  course: () => ({ kind: "persists" }),
  symptoms: (system, parameters) => [shows(system, textOf(parameters, "arn"), ["Errors", "Sum"], "up")],
  start: (world, active) => {
    const { parameters } = active;
    const state = stateAt(world, active, "arn", isLambdaFunction);
    const { functionVersion, previousFunctionVersion, updatedAtMs, environments } = state;
    releaseCode(world, state.arn, {
      errorRate: numberOf(parameters, "errorRate"),
      latencyFactor: numberOf(parameters, "latencyFactor"),
      message: "TypeError: unsupported operand type(s) for +: 'int' and 'NoneType'",
    });
    const bad = state.functionVersion;
    Object.assign(state, { functionVersion, previousFunctionVersion, updatedAtMs, environments });
    routeShare(world, state, { version: bad, weight: numberOf(parameters, "weight") });
    active.memory = { bad };
  },
  isPresent: (world, active) => {
    const { canary, functionVersion } = stateAt(world, active, "arn", isLambdaFunction);
    return canary?.version === active.memory.bad || functionVersion === active.memory.bad;
  },
  heal: (world, active, act) => {
    const RoutingConfig = { AdditionalVersionWeights: {} };
    act(updateAlias(stateAt(world, active, "arn", isLambdaFunction), { RoutingConfig }));
  },
};
