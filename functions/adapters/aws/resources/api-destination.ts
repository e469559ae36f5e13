import { type ResourceReader, seen } from "./kind.ts";
import { apiDestination } from "./shapes.ts";

/** Somebody else's service, by the destination that names it: it stands in the graph so that what calls it is seen to. */
export const reader: ResourceReader = {
  attributes: [],
  optional: [],
  unreadable: {
    invocationRateLimitPerSecond: "what was agreed with a provider stands in a contract; no control plane is asked",
  },
  read: async (_planes, arns) =>
    arns.map((arn) => {
      const [name = ""] = apiDestination.nameIn(arn)?.split("/") ?? [];
      return seen({ arn, type: apiDestination.type, name, zones: 1, part: "store", attributes: {} });
    }),
};
