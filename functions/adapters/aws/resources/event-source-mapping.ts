import { GetEventSourceMappingCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { callAws } from "../call.ts";
import { eachOf, known, orAbsent } from "./asking.ts";
import { type ResourceReader, seen } from "./kind.ts";
import { eventSourceMapping } from "./shapes.ts";

/** What polls a queue or a stream for a function: without it messages wait and nobody errs. */
export const reader: ResourceReader = {
  attributes: ["uuid", "state", "batchSize"],
  optional: [],
  unreadable: {},
  read: async (clientOf, arns) => {
    const lambda = clientOf(LambdaClient);
    const found = await eachOf(arns, async (arn) => {
      const UUID = eventSourceMapping.nameIn(arn) ?? "";
      const mapping = await orAbsent(["ResourceNotFoundException"], () =>
        callAws("lambda:GetEventSourceMapping", UUID, () => lambda.send(new GetEventSourceMappingCommand({ UUID }))),
      );
      if (mapping === null) return null;
      const { FunctionArn, EventSourceArn, State, BatchSize } = mapping;
      return seen({
        ...{ arn, type: eventSourceMapping.type, name: UUID, part: "poller" },
        uses: FunctionArn === undefined ? [] : [FunctionArn],
        usedBy: EventSourceArn === undefined ? [] : [EventSourceArn],
        attributes: known({ uuid: UUID, state: State, batchSize: BatchSize }),
      });
    });
    return found.filter((one) => one !== null);
  },
};
