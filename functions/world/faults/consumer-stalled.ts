import { flowNow, servedBy } from "../flow.ts";
import { between } from "../random.ts";
import { isEventSourceMapping } from "../resources/lambda-event-source.ts";
import { isLambdaFunction } from "../resources/lambda-versions.ts";
import { isSqsQueue } from "../resources/sqs-messages.ts";
import { stir } from "../state.ts";
import { type Fault, numberOf, stateAt, textOf } from "./fault.ts";
import { reserveTwice } from "./lambda-place.ts";
import { placeOf } from "./place.ts";
import { shows } from "./symptom.ts";

/** Nobody polls the queue any more: the event source mapping was switched off and forgotten. No invocation, no error. */
export const consumerStalled: Fault = {
  id: "consumer-stalled",
  family: "messaging",
  likelihood: 2,
  needs: ["event-source-mapping"],
  draw: (system, stream) => {
    const mapping = placeOf(system, `${stream}|where`, isEventSourceMapping);
    const minutes = between(`${stream}|severity`, 0, 0, 4);
    return { mapping: mapping.arn, arn: mapping.functionArn, queue: mapping.queue, minutes };
  },
  remedies: () => [{ runbook: "lambda-alias-rollback", at: "arn", does: "nothing" }],
  course: () => ({ kind: "persists" }),
  symptoms: (system, parameters) => [
    shows(system, textOf(parameters, "arn"), ["Invocations", "Sum"], "silent"),
    shows(system, textOf(parameters, "queue"), ["ApproximateAgeOfOldestMessage", "Maximum"], "up"),
  ],
  start: (world, active) => {
    const queue = stateAt(world, active, "queue", isSqsQueue);
    const { demand = 0 } = servedBy(world, flowNow(world), queue.arn) ?? {};
    // Its last minutes were slow already.
    queue.backlog += demand * 60 * numberOf(active.parameters, "minutes");
    stateAt(world, active, "mapping", isEventSourceMapping).enabled = false;
    stir(world);
  },
  isPresent: (world, active) => !stateAt(world, active, "mapping", isEventSourceMapping).enabled,
  heal: (world, active, act) => {
    const { uuid } = stateAt(world, active, "mapping", isEventSourceMapping);
    act({ service: "lambda", api: "UpdateEventSourceMapping", input: { UUID: uuid, Enabled: true } });
    act(reserveTwice(stateAt(world, active, "arn", isLambdaFunction)));
  },
};
