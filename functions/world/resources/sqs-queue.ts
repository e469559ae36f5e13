import {
  answered,
  count,
  failed,
  gauge,
  type ResourceBehaviour,
  resourcesOfKind,
  resourceType,
  textOf,
} from "../resource-type.ts";
import type { ResourceState, World } from "../state.ts";

/** A queue that a function empties. A message whose handling fails comes back after the visibility timeout. */
export type SqsQueue = ResourceState & {
  readonly kind: "sqs-queue";
  readonly url: string;
  readonly visibilitySeconds: number;
  /** Messages waiting, as a fluid. */
  backlog: number;
};

export const isSqsQueue = (resource: ResourceState): resource is SqsQueue => resource.kind === "sqs-queue";

const DRAIN_SECONDS = 30; // a backlog drains this fast as long as the consumer keeps up

const queueAt = (world: World, url: string | null): SqsQueue | null =>
  resourcesOfKind(world, isSqsQueue).find((one) => one.url === url) ?? null;

const behaviour: ResourceBehaviour<SqsQueue> = {
  kind: "sqs-queue",
  isOne: isSqsQueue,
  describe: (state) => ({
    type: "AWS::SQS::Queue",
    zones: 3,
    tags: {},
    attributes: { queueUrl: state.url, visibilityTimeout: state.visibilitySeconds },
  }),
  configuration: (state) => ({ visibilitySeconds: state.visibilitySeconds }),

  serve: (_world, state, { demand, dependencies }) => {
    const [consumer] = dependencies;
    const capacity = consumer?.served.capacity ?? 0;
    const passed = Math.min(demand + state.backlog / DRAIN_SECONDS, capacity);
    const failure = consumer?.served.errorRate ?? 1;
    const waitMs = passed > 0 ? (state.backlog / passed) * 1000 : state.backlog > 0 ? 3_600_000 : 0;
    return {
      demand,
      passed,
      // A message that fails is late by the visibility timeout at least: its sender waits, so it counts as failed.
      errorRate: failure,
      latencyMs: 50 + waitMs + (consumer?.latencyMs ?? 0),
      utilisation: capacity > 0 ? demand / capacity : 1,
      capacity,
      message: null,
      gauges: {
        oldestSeconds: waitMs / 1000 + (failure > 0.02 ? state.visibilitySeconds * Math.min(1, failure * 2) : 0),
        visible: state.backlog + demand * 0.2,
      },
    };
  },
  elapse: (_world, state, served, elapsedMs) => {
    state.backlog = Math.max(0, state.backlog + ((served.demand - served.passed) * elapsedMs) / 1000);
  },

  samples: (_world, state, totals) => ({
    namespace: "AWS/SQS",
    dimensions: { QueueName: state.name },
    datapoints: {
      ApproximateAgeOfOldestMessage: gauge(Math.round(totals.gauges.oldestSeconds ?? 0)),
      ApproximateNumberOfMessagesVisible: gauge(Math.round(totals.gauges.visible ?? 0)),
      NumberOfMessagesSent: count(totals.requests),
    },
  }),
  happen: null,
  release: null,

  apis: [
    {
      service: "sqs",
      api: "GetQueueAttributes",
      changes: false,
      answer: (world, input) => {
        const queue = queueAt(world, textOf(input, "QueueUrl"));
        if (queue === null)
          return failed("AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist.");
        const attributes: Record<string, string> = {
          QueueArn: queue.arn,
          ApproximateNumberOfMessages: String(Math.round(queue.backlog)),
          ApproximateNumberOfMessagesNotVisible: "0",
          VisibilityTimeout: String(queue.visibilitySeconds),
        };
        const wanted = Array.isArray(input.AttributeNames) ? input.AttributeNames : [];
        const shown = Object.entries(attributes).filter(([name]) => wanted.includes("All") || wanted.includes(name));
        return answered({ Attributes: Object.fromEntries(shown) });
      },
    },
  ],
};

export const sqsQueue = resourceType(behaviour);
