import { flowNow, servedBy } from "../flow.ts";
import { between } from "../random.ts";
import { isEventSourceMapping } from "../resources/lambda-event-source.ts";
import { isSqsQueue } from "../resources/sqs-messages.ts";
import { stir } from "../state.ts";
import { type Fault, numberOf, stateAt, textOf } from "./fault.ts";
import { placeOf } from "./place.ts";
import { shows } from "./symptom.ts";

const LATE_SHARE = 0.05; // of what was sent at once: from here on nobody calls it a backlog
/** Times what the worker's spare hands of the onset need, at the most: the day's load takes some of them away meanwhile. */
const GROWING_LOAD = 1.4;

/** Somebody sends an hour's messages at once (an import, a campaign). The worker empties the queue as fast as it may. */
export const queueBacklogAfterSurge: Fault = {
  id: "queue-backlog-after-surge",
  family: "capacity",
  likelihood: 1,
  needs: ["event-source-mapping"],
  draw: (system, stream) => {
    const mapping = placeOf(system, `${stream}|where`, isEventSourceMapping);
    return {
      arn: mapping.functionArn,
      queue: mapping.queue,
      minutes: between(`${stream}|severity`, 0, 35, 80),
    };
  },
  remedies: () => [
    { runbook: "lambda-reserved-concurrency", at: "arn", does: "eases" },
    { runbook: "lambda-alias-rollback", at: "arn", does: "nothing" },
  ],
  course: (parameters) => ({ kind: "heals", afterMinutes: numberOf(parameters, "minutes") * GROWING_LOAD }),
  symptoms: (system, parameters) => [
    shows(system, textOf(parameters, "queue"), ["ApproximateNumberOfMessagesVisible", "Maximum"], "up", 5),
  ],
  start: (world, active) => {
    const queue = stateAt(world, active, "queue", isSqsQueue);
    const { capacity = 0, demand = 0 } = servedBy(world, flowNow(world), queue.arn) ?? {};
    const sent = numberOf(active.parameters, "minutes") * 60 * Math.max(0, capacity - demand);
    queue.backlog += sent;
    active.memory = { sent };
    stir(world);
  },
  isPresent: (world, active) =>
    stateAt(world, active, "queue", isSqsQueue).backlog > LATE_SHARE * Number(active.memory.sent),
  heal: (world, active) => {
    // Whoever sent them takes back those that nobody waits for.
    stateAt(world, active, "queue", isSqsQueue).backlog = 0;
  },
};
