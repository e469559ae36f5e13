import {
  type ApiInput,
  answered,
  failed,
  type ResourceBehaviour,
  resourcesOfKind,
  resourceType,
  textOf,
} from "../resource-type.ts";
import type { ResourceState, World } from "../state.ts";
import type { ApiReply } from "../types.ts";

/** What polls a queue for a function: without it messages wait and nobody errs. */
export type EventSourceMapping = ResourceState & {
  readonly kind: "event-source-mapping";
  readonly uuid: string;
  readonly functionArn: string;
  readonly queue: string;
  enabled: boolean;
};

export const isEventSourceMapping = (resource: ResourceState): resource is EventSourceMapping =>
  resource.kind === "event-source-mapping";

const show = (state: EventSourceMapping) => ({
  UUID: state.uuid,
  EventSourceMappingArn: state.arn,
  EventSourceArn: state.queue,
  FunctionArn: state.functionArn,
  BatchSize: 1,
  State: state.enabled ? "Enabled" : "Disabled",
});

const withMapping = (world: World, input: ApiInput, answer: (state: EventSourceMapping) => ApiReply): ApiReply => {
  const uuid = textOf(input, "UUID");
  const state = resourcesOfKind(world, isEventSourceMapping).find((one) => one.uuid === uuid);
  return state === undefined
    ? failed("ResourceNotFoundException", "The resource you requested does not exist.")
    : answer(state);
};

const behaviour: ResourceBehaviour<EventSourceMapping> = {
  kind: "event-source-mapping",
  isOne: isEventSourceMapping,
  describe: (state) => ({
    type: "AWS::Lambda::EventSourceMapping",
    zones: 3,
    tags: {},
    attributes: { uuid: state.uuid, state: state.enabled ? "Enabled" : "Disabled", batchSize: 1 },
  }),
  configuration: ({ enabled }) => ({ enabled }),
  serve: (_world, { enabled }, { demand, dependencies: [handler] }) => {
    const polls = enabled && handler !== undefined;
    return {
      demand,
      passed: polls ? demand : 0,
      errorRate: polls ? handler.served.errorRate : 0,
      latencyMs: polls ? handler.latencyMs : 0,
      utilisation: polls ? handler.served.utilisation : 0,
      capacity: polls ? handler.served.capacity : 0,
      message: null,
      gauges: {},
    };
  },
  elapse: null,
  samples: () => [],
  happen: null,
  release: null,
  join: null,
  habits: [],
  apis: [
    {
      service: "lambda",
      api: "GetEventSourceMapping",
      changes: false,
      answer: (world, input) => withMapping(world, input, (state) => answered(show(state))),
    },
    {
      service: "lambda",
      api: "UpdateEventSourceMapping",
      changes: true,
      answer: (world, input) =>
        withMapping(world, input, (state) => {
          if (typeof input.Enabled === "boolean") state.enabled = input.Enabled;
          return answered(show(state));
        }),
    },
  ],
};

export const eventSourceMapping = resourceType(behaviour);
