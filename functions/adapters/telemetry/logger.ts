import type { DurableContext } from "@aws/durable-execution-sdk-js";
import { Logger } from "@aws-lambda-powertools/logger";
import type { MiddlewareObj } from "@middy/core";
import type { Json } from "../../core/json.ts";

/** Says one sentence about an incident, or about none, with facts that a query can group by. */
export type Note = (
  level: "info" | "warn" | "error",
  sentence: string,
  facts?: Readonly<Record<string, unknown>>,
) => void;

/** JSON lines in the function's own log group; every line has the incident's id once it is known. */
export const functionLogger = (name: string): Logger => new Logger({ serviceName: `quell-${name}` });

/** Speaks through a logger. */
export const noteThrough =
  (logger: Logger): Note =>
  (level, sentence, facts = {}) =>
    logger[level](sentence, { ...facts });

/** Puts the incident's id into every line that an invocation of respond writes; it runs on every replay. */
export const namingIncident = (logger: Logger): MiddlewareObj<Json, Json, Error, DurableContext> => ({
  before: ({ event }) => {
    logger.resetKeys();
    if (typeof event === "object" && event !== null && "incidentId" in event)
      logger.appendKeys({ incident: event.incidentId });
  },
});
