import { between, chance } from "../random.ts";
import { releaseCode } from "../releases.ts";
import { isLambdaFunction } from "../resources/lambda-versions.ts";
import { type Fault, numberOf, stateAt, textOf } from "./fault.ts";
import { reserveTwice, updateAlias } from "./lambda-place.ts";
import { placeOf } from "./place.ts";
import { shows } from "./symptom.ts";

/**
 * The function waits for an answer from outside until its own timeout ends it. Either a release lost the client's limit
 * (then the version before has it), or the provider became slow by itself minutes after a release that has no part in it.
 */
export const lambdaSlowDependencyTimeouts: Fault = {
  id: "lambda-slow-dependency-timeouts",
  family: "code-bug",
  likelihood: 2,
  needs: ["lambda-function"],
  draw: (system, stream) => {
    const { arn, timeoutMs } = placeOf(system, `${stream}|where`, isLambdaFunction);
    return {
      arn,
      waitMs: Math.round(timeoutMs * between(`${stream}|severity`, 0, 0.5, 1.5)),
      isReleased: chance(`${stream}|cause`, 0, 0.5) ? 1 : 0,
    };
  },
  remedies: (parameters) => [
    {
      runbook: "lambda-alias-rollback",
      at: "arn",
      does: numberOf(parameters, "isReleased") === 1 ? "heals" : "nothing",
    },
  ],
  course: () => ({ kind: "persists" }),
  symptoms: (system, parameters) => [shows(system, textOf(parameters, "arn"), ["Duration", "Average"], "up")],
  start: (world, active) => {
    const state = stateAt(world, active, "arn", isLambdaFunction);
    const waitMs = numberOf(active.parameters, "waitMs");
    const { durationMs } = state.versions[state.functionVersion] ?? { durationMs: 1 };
    const isReleased = numberOf(active.parameters, "isReleased") === 1;
    const latencyFactor = 1 + waitMs / durationMs;
    releaseCode(world, state.arn, isReleased ? { errorRate: 0.0004, latencyFactor, message: "socket hang up" } : null);
    active.memory = { bad: isReleased ? state.functionVersion : "", good: state.previousFunctionVersion ?? "" };
    if (!isReleased) state.addedMs = waitMs;
  },
  isPresent: (world, active) => {
    const { functionVersion, addedMs } = stateAt(world, active, "arn", isLambdaFunction);
    return addedMs > 0 || functionVersion === active.memory.bad;
  },
  heal: (world, active, act) => {
    const state = stateAt(world, active, "arn", isLambdaFunction);
    state.addedMs = 0; // the provider's people put it right
    if (state.reservedConcurrency !== null) act(reserveTwice(state));
    if (state.functionVersion !== active.memory.bad) return;
    act(updateAlias(state, { FunctionVersion: String(active.memory.good) }));
  },
};
