import { flowNow, servedBy } from "../flow.ts";
import { between, wholeBetween } from "../random.ts";
import { isApiStage } from "../resources/api-gateway-stage.ts";
import { isLambdaFunction } from "../resources/lambda-versions.ts";
import { stir } from "../state.ts";
import { codeBehind } from "./code-behind.ts";
import { type Fault, numberOf, stateAt, textOf } from "./fault.ts";
import { placeOf } from "./place.ts";
import { usersNotice } from "./symptom.ts";

const LEFT_COLD = 0.05; // share of the environments of which no user notices that they have to start
/** The day's peak is so many times its trough: the most by which it wants more environments at the end than at the onset. */
const GROWING_LOAD = 1.5;

/**
 * A new runtime reaches a function behind an API: all its environments start again, while what they load at their start
 * is short of its own limit and serves few a minute. When all have started it is over. Another version would start anew.
 */
export const lambdaColdStartStorm: Fault = {
  id: "lambda-cold-start-storm",
  family: "deployment",
  likelihood: 1,
  needs: ["api-stage"],
  draw: (system, stream) => {
    const entry = placeOf(system, `${stream}|where`, isApiStage).arn;
    return {
      entry,
      arn: codeBehind(system, entry),
      startMs: Math.round(between(`${stream}|severity`, 0, 4000, 9000)),
      minutes: wholeBetween(`${stream}|speed`, 0, 45, 80),
    };
  },
  remedies: () => [{ runbook: "lambda-alias-rollback", at: "arn", does: "harms" }],
  course: (parameters) => ({ kind: "heals", afterMinutes: numberOf(parameters, "minutes") * GROWING_LOAD }),
  symptoms: (system, parameters) => [usersNotice(system, textOf(parameters, "entry"), "latency", "up", 5)],
  start: (world, active) => {
    const state = stateAt(world, active, "arn", isLambdaFunction);
    const wanted = servedBy(world, flowNow(world), state.arn)?.gauges.wanted ?? 1;
    active.memory = { initMs: state.initMs, perMinute: state.environmentsPerMinute };
    state.environments = 0;
    state.environmentsPerMinute = wanted / numberOf(active.parameters, "minutes");
    state.initMs = numberOf(active.parameters, "startMs");
    stir(world);
  },
  isPresent: (world, active) => {
    const state = stateAt(world, active, "arn", isLambdaFunction);
    const wanted = servedBy(world, flowNow(world), state.arn)?.gauges.wanted ?? 0;
    return state.environments < wanted * (1 - LEFT_COLD);
  },
  heal: (world, active) => {
    // Whoever owns what they load raises its limit.
    const state = stateAt(world, active, "arn", isLambdaFunction);
    state.environmentsPerMinute = Number(active.memory.perMinute);
    state.initMs = Number(active.memory.initMs);
  },
};
