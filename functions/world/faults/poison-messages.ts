import { flowNow, servedBy } from "../flow.ts";
import { between, wholeBetween } from "../random.ts";
import { isEventSourceMapping } from "../resources/lambda-event-source.ts";
import { isLambdaFunction } from "../resources/lambda-versions.ts";
import { isSqsQueue, queueAtArn } from "../resources/sqs-messages.ts";
import { MINUTE_MS, schedule } from "../state.ts";
import { type Fault, numberOf, stateAt, textOf } from "./fault.ts";
import { reserveTwice } from "./lambda-place.ts";
import { placeOf } from "./place.ts";
import { shows } from "./symptom.ts";

const GONE = 1; // less than one message
const HANGS_SECONDS = 30; // a worker's timeout
/** From the last that is sent: they wait in line with what piled up behind them, once for each time that they are received. */
const MOST_MINUTES_LEFT = 120;

/**
 * A sender writes some messages on which the worker hangs until its timeout, each of the five times that it gets one:
 * it has no time left for the others. What is dead troubles nobody, until somebody sends it through once more.
 */
export const poisonMessages: Fault = {
  id: "poison-messages",
  family: "messaging",
  likelihood: 2,
  needs: ["event-source-mapping"],
  draw: (system, stream) => {
    const mapping = placeOf(system, `${stream}|where`, isEventSourceMapping);
    const queue = system.states.filter(isSqsQueue).find(({ arn }) => arn === mapping.queue);
    return {
      arn: mapping.functionArn,
      queue: mapping.queue,
      dead: queue?.redrive?.deadLetterQueue ?? "",
      /** Times the worker's concurrency that they would take by themselves. */
      load: between(`${stream}|severity`, 0, 2, 3),
      minutes: wholeBetween(`${stream}|minutes`, 0, 30, 45),
    };
  },
  remedies: () => [
    { runbook: "lambda-alias-rollback", at: "arn", does: "nothing" },
    // A larger worker has hands left for the others.
    { runbook: "lambda-reserved-concurrency", at: "arn", does: "eases" },
    // Nothing is declared of sqs-redrive: what has died fails once more, and how much that costs depends on when.
  ],
  course: (parameters) => ({ kind: "heals", afterMinutes: numberOf(parameters, "minutes") + MOST_MINUTES_LEFT }),
  symptoms: (system, parameters) => [
    shows(system, textOf(parameters, "queue"), ["ApproximateAgeOfOldestMessage", "Maximum"], "up", 30),
    shows(system, textOf(parameters, "arn"), ["Duration", "Average"], "up", 30),
  ],
  start: (world, active) => {
    const queue = stateAt(world, active, "queue", isSqsQueue);
    const { capacity = 0, gauges = {} } = servedBy(world, flowNow(world), textOf(active.parameters, "arn")) ?? {};
    const concurrency = (capacity * (gauges.busyMs ?? 0)) / 1000;
    const received = (numberOf(active.parameters, "load") * concurrency) / HANGS_SECONDS;
    queue.poisonPerMinute = (60 * received) / (queue.redrive?.maxReceiveCount ?? 1);
    const endsMs = world.nowMs + numberOf(active.parameters, "minutes") * MINUTE_MS;
    schedule(world, endsMs, { kind: "resource", arn: queue.arn, what: "poison-ends", subject: "" });
  },
  isPresent: (world, active) => {
    const { poisonPerMinute, poisoned } = stateAt(world, active, "queue", isSqsQueue);
    return poisonPerMinute > 0 || poisoned >= GONE;
  },
  heal: (world, active, act) => {
    // The sender stops, and what it sent is taken out of the queues.
    const queue = stateAt(world, active, "queue", isSqsQueue);
    queue.poisonPerMinute = 0;
    queue.poisoned = 0;
    const dead = queueAtArn(world, queue.redrive?.deadLetterQueue ?? null);
    if (dead !== null) dead.poisoned = 0;
    act(reserveTwice(stateAt(world, active, "arn", isLambdaFunction)));
  },
};
