import { flowNow, servedBy } from "../flow.ts";
import { between } from "../random.ts";
import { isEventSourceMapping } from "../resources/lambda-event-source.ts";
import { isLambdaFunction } from "../resources/lambda-versions.ts";
import { stir } from "../state.ts";
import { type Fault, numberOf, stateAt, textOf } from "./fault.ts";
import { reserve } from "./lambda-place.ts";
import { placeOf } from "./place.ts";
import { shows } from "./symptom.ts";

/** What a worker has to do for a message has grown past its reservation, whatever its version: it cannot keep up. */
export const lambdaThrottled: Fault = {
  id: "lambda-throttled",
  family: "capacity",
  likelihood: 2,
  needs: ["event-source-mapping"],
  draw: (system, stream) => {
    const mapping = placeOf(system, `${stream}|where`, isEventSourceMapping);
    return {
      arn: mapping.functionArn,
      queue: mapping.queue,
      utilisation: between(`${stream}|severity`, 0, 1.2, 1.4),
    };
  },
  remedies: () => [
    { runbook: "lambda-reserved-concurrency", at: "arn", does: "heals" },
    { runbook: "lambda-alias-rollback", at: "arn", does: "nothing" },
  ],
  course: () => ({ kind: "persists" }),
  symptoms: (system, parameters) => [
    shows(system, textOf(parameters, "arn"), ["Throttles", "Sum"], "up"),
    shows(system, textOf(parameters, "queue"), ["ApproximateAgeOfOldestMessage", "Maximum"], "up", 30),
  ],
  start: (world, active) => {
    const state = stateAt(world, active, "arn", isLambdaFunction);
    const { utilisation = 1, gauges = {} } = servedBy(world, flowNow(world), state.arn) ?? {};
    const wanted = numberOf(active.parameters, "utilisation");
    state.addedMs = (gauges.busyMs ?? 0) * Math.max(0, wanted / utilisation - 1);
    active.memory = { reserved: state.reservedConcurrency ?? 0 };
    stir(world);
  },
  isPresent: (world, active) => {
    const { reservedConcurrency } = stateAt(world, active, "arn", isLambdaFunction);
    return (reservedConcurrency ?? 0) < Number(active.memory.reserved) * numberOf(active.parameters, "utilisation");
  },
  heal: (world, active, act) => {
    const state = stateAt(world, active, "arn", isLambdaFunction);
    act(reserve(state, Math.ceil((state.reservedConcurrency ?? 1) * 4)));
  },
};
