import { restAfter } from "./arn.ts";
import { type ResourceKind, seen } from "./kind.ts";

const TYPE = "AWS::Events::ApiDestination";

/** Somebody else's service, by the destination that names it: it stands in the graph so that what calls it is seen to. */
export const apiDestination: ResourceKind = {
  type: TYPE,
  owns: (arn) => restAfter(arn, "events", "api-destination/") !== null,
  attributes: [],
  optional: [],
  unreadable: {
    invocationRateLimitPerSecond: "what was agreed with a provider stands in a contract; no control plane is asked",
  },
  read: async (_planes, arns) =>
    arns.map((arn) => {
      const [name = ""] = restAfter(arn, "events", "api-destination/")?.split("/") ?? [];
      return seen({ arn, type: TYPE, name, zones: 1, part: "store", attributes: {} });
    }),
};
