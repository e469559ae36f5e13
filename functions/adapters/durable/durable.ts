import {
  type DurableContext,
  type DurableExecutionConfig,
  type DurableLambdaHandler,
  withDurableExecution,
} from "@aws/durable-execution-sdk-js";
import middy, { type MiddlewareObj } from "@middy/core";
import type { Json } from "../../core/json.ts";

/** What runs inside one durable execution: its input and the context that journals for it. */
export type DurableFunction<Event extends Json> = (event: Event, context: DurableContext) => Promise<Json>;

/** Middleware runs once an invocation: `before` on every replay too, `after` and `onError` only when the handler ends. */
export type DurableConfig<Event extends Json> = DurableExecutionConfig &
  Readonly<{ middleware?: readonly MiddlewareObj<Event, Json, Error, DurableContext>[] }>;

/**
 * The Lambda handler of a durable function: middy around the function, inside the durable execution.
 * The same handler runs on Lambda and on the embedded engine.
 */
export const durable = <Event extends Json>(
  fn: DurableFunction<Event>,
  config: DurableConfig<Event> = {},
): DurableLambdaHandler => {
  const { middleware = [], ...durableConfig } = config;
  // middy's timeout timer would outlive a suspended invocation and fire into a later one: 0 switches it off.
  const chain = middy<Event, Json, Error, DurableContext>({ timeoutEarlyInMillis: 0 })
    .use([...middleware])
    .handler((event: Event, context: DurableContext) => fn(event, context));
  return withDurableExecution<Event, Json>((event, context) => chain(event, context), durableConfig);
};
