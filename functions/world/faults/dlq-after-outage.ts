import { flowNow, servedBy } from "../flow.ts";
import { between } from "../random.ts";
import { isEventSourceMapping } from "../resources/lambda-event-source.ts";
import { depthOf, isSqsQueue } from "../resources/sqs-messages.ts";
import { stir } from "../state.ts";
import { type Fault, numberOf, stateAt, textOf } from "./fault.ts";
import { placeOf } from "./place.ts";
import { shows } from "./symptom.ts";

const LEFT = 1; // less than one message
const LEAST = 40; // a queue's alarm lets thirty pass

/** An outage that has passed left its messages dead: nothing is wrong any more, but their senders still wait. */
export const dlqAfterOutage: Fault = {
  id: "dlq-after-outage",
  family: "messaging",
  likelihood: 2,
  needs: ["event-source-mapping"],
  draw: (system, stream) => {
    const mapping = placeOf(system, `${stream}|where`, isEventSourceMapping);
    const queue = system.states.filter(isSqsQueue).find(({ arn }) => arn === mapping.queue);
    return {
      arn: mapping.functionArn,
      dead: queue?.redrive?.deadLetterQueue ?? "",
      queue: mapping.queue,
      hours: between(`${stream}|severity`, 0, 0.15, 0.6),
    };
  },
  remedies: () => [
    { runbook: "sqs-redrive", at: "dead", does: "heals" },
    { runbook: "lambda-alias-rollback", at: "arn", does: "nothing" },
  ],
  course: () => ({ kind: "persists" }),
  symptoms: (system, parameters) => [
    shows(system, textOf(parameters, "dead"), ["ApproximateNumberOfMessagesVisible", "Maximum"], "up", 5),
  ],
  start: (world, active) => {
    const dead = stateAt(world, active, "dead", isSqsQueue);
    const { demand = 0 } = servedBy(world, flowNow(world), textOf(active.parameters, "queue")) ?? {};
    const left = Math.max(LEAST, demand * 3600 * numberOf(active.parameters, "hours"));
    dead.backlog += left;
    dead.awaited += left;
    stir(world);
  },
  isPresent: (world, active) => stateAt(world, active, "dead", isSqsQueue).awaited >= LEFT,
  heal: (world, active, act) => {
    const dead = stateAt(world, active, "dead", isSqsQueue);
    if (depthOf(dead) >= LEFT) act({ service: "sqs", api: "StartMessageMoveTask", input: { SourceArn: dead.arn } });
  },
};
