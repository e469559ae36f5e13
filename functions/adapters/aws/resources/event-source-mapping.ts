import { GetEventSourceMappingCommand } from "@aws-sdk/client-lambda";
import { callAws } from "../call.ts";
import { restAfter } from "./arn.ts";
import { eachOf, known, orAbsent } from "./asking.ts";
import { type ResourceKind, seen } from "./kind.ts";

const TYPE = "AWS::Lambda::EventSourceMapping";
const uuidOf = (arn: string): string | null => restAfter(arn, "lambda", "event-source-mapping:");

/** What polls a queue or a stream for a function: without it messages wait and nobody errs. */
export const eventSourceMapping: ResourceKind = {
  type: TYPE,
  owns: (arn) => uuidOf(arn) !== null,
  attributes: ["uuid", "state", "batchSize"],
  optional: [],
  unreadable: {},
  read: async ({ lambda }, arns) => {
    const found = await eachOf(arns, async (arn) => {
      const UUID = uuidOf(arn) ?? "";
      const mapping = await orAbsent(["ResourceNotFoundException"], () =>
        callAws("lambda:GetEventSourceMapping", UUID, () => lambda.send(new GetEventSourceMappingCommand({ UUID }))),
      );
      if (mapping === null) return null;
      const { FunctionArn, EventSourceArn, State, BatchSize } = mapping;
      return seen({
        ...{ arn, type: TYPE, name: UUID, part: "poller" },
        uses: FunctionArn === undefined ? [] : [FunctionArn],
        usedBy: EventSourceArn === undefined ? [] : [EventSourceArn],
        attributes: known({ uuid: UUID, state: State, batchSize: BatchSize }),
      });
    });
    return found.filter((one) => one !== null);
  },
};
