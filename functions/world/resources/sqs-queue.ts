import { count, type ResourceBehaviour, resourceType, whole } from "../resource-type.ts";
import { eitherFails } from "../saturation.ts";
import { sqsApis } from "./sqs-api.ts";
import {
  agedSeconds,
  depthOf,
  flowThrough,
  growOld,
  isSqsQueue,
  moveBack,
  queueAtArn,
  type SqsQueue,
} from "./sqs-messages.ts";

const DRAIN_SECONDS = 30; // a backlog drains this fast as long as the consumer keeps up
const TAKEN_SHARE = 0.98; // of what the consumer can do: messages that come back need the rest
const FAILS_MORE = 0.02; // share of failures from which on the oldest message is one that came back
const HOUR_SECONDS = 3600;
const MOST_AWAITED = 0.5; // half of the senders at most count on what an outage left undone

/** How often the unluckiest message of a visibility timeout has come back: the oldest in the queue is one of those. */
const returnsOf = ({ redrive, visibilitySeconds }: SqsQueue, demand: number, failure: number): number => {
  if (failure <= FAILS_MORE) return 0;
  const returns = Math.log(Math.max(1, demand * visibilitySeconds)) / -Math.log(Math.min(failure, 0.999));
  return Math.min(redrive?.maxReceiveCount ?? Number.POSITIVE_INFINITY, returns);
};

const behaviour: ResourceBehaviour<SqsQueue> = {
  kind: "sqs-queue",
  isOne: isSqsQueue,
  describe: (state) => ({
    type: "AWS::SQS::Queue",
    zones: 3,
    tags: {},
    attributes: {
      queueUrl: state.url,
      visibilityTimeout: state.visibilitySeconds,
      approximateNumberOfMessages: Math.round(depthOf(state)),
      deadLetterTargetArn: state.redrive?.deadLetterQueue ?? null,
      maxReceiveCount: state.redrive?.maxReceiveCount ?? null,
      deadLetterSourceQueue: state.deadLettersOf,
      messageMoveTaskRunning: state.tasks.at(-1)?.status === "RUNNING",
    },
  }),
  configuration: ({ visibilitySeconds, redrive }) => ({ visibilitySeconds, redrive }),

  serve: (world, state, { demand, dependencies: [consumer] }) => {
    const capacity = consumer?.served.capacity ?? 0;
    const received = capacity > 0 ? state.poisoned / state.visibilitySeconds : 0;
    const sound = Math.min(demand + state.backlog / DRAIN_SECONDS, capacity * TAKEN_SHARE);
    const failure = consumer?.served.errorRate ?? 0;
    const dead = queueAtArn(world, state.redrive?.deadLetterQueue ?? null);
    const undone = dead === null || dead.awaited === 0 ? 0 : dead.awaited / Math.max(1, demand * HOUR_SECONDS);
    // Nothing is taken: the oldest message is as old as what has arrived since.
    const drained = sound > 0 ? sound : demand;
    const waitMs = drained > 0 ? (state.backlog / drained) * 1000 : 0;
    return {
      demand,
      passed: sound + received,
      // A message that fails is late by the visibility timeout at least: its sender waits, so it counts as failed.
      errorRate: eitherFails(failure, Math.min(MOST_AWAITED, undone)),
      latencyMs: consumer === undefined ? 0 : 50 + waitMs + consumer.latencyMs,
      utilisation: capacity > 0 ? demand / capacity : 1,
      capacity,
      message: null,
      gauges: {
        sound,
        failure,
        oldestSeconds:
          waitMs / 1000 + state.visibilitySeconds * returnsOf(state, demand, failure) + agedSeconds(world, state),
        visible: depthOf(state) + demand * 0.2,
      },
    };
  },
  elapse: (world, state, { demand, gauges }, elapsedMs) => {
    const { sound = 0, failure = 0, oldestSeconds = 0 } = gauges;
    if (state.deadLettersOf !== null) {
      const isMoving = moveBack(world, state, elapsedMs);
      return growOld(world, state, oldestSeconds) || isMoving;
    }
    return flowThrough(world, state, { demand, passed: sound, failure, elapsedMs });
  },

  samples: (state, { demand, gauges }) => [
    {
      namespace: "AWS/SQS",
      dimensions: { QueueName: state.name },
      levels: {
        ApproximateAgeOfOldestMessage: whole(gauges.oldestSeconds ?? 0, 0.02),
        // What moves is counted roughly, what lies exactly.
        ApproximateNumberOfMessagesVisible: whole(gauges.visible ?? 0, state.deadLettersOf === null ? 0.02 : 0),
        NumberOfMessagesSent: count(demand * 60),
      },
    },
  ],
  happen: (_world, state) => {
    state.poisonPerMinute = 0;
  },
  release: null,
  join: null,
  habits: [],
  apis: sqsApis,
};

export const sqsQueue = resourceType(behaviour);
