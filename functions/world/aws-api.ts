import { type ApiHandler, failed } from "./resource-type.ts";
import { RESOURCE_TYPES } from "./resources/resource-types.ts";
import { settle } from "./settle.ts";
import { recordCall, stir, type World } from "./state.ts";
import type { ApiCall, ApiReply, Caller } from "./types.ts";

const handlers: ReadonlyMap<string, ApiHandler> = new Map(
  RESOURCE_TYPES.flatMap((type) => type.apis).map((handler) => [`${handler.service}:${handler.api}`, handler]),
);

/** The AWS APIs that the world answers, as `service:Api`. */
export const answeredApis = (): readonly string[] => [...handlers.keys()];

/**
 * One AWS API call. A changing one lands in `world.effects`, failed ones too. An API that no resource answers is
 * `InvalidAction`; bad input is the API's own error code. Never throws.
 */
export const call = (world: World, caller: Caller, apiCall: ApiCall): ApiReply => {
  const handler = handlers.get(`${apiCall.service}:${apiCall.api}`);
  if (handler === undefined)
    return failed("InvalidAction", `The action ${apiCall.api} is not valid for ${apiCall.service}.`);
  if (!handler.changes) return handler.answer(world, apiCall.input);
  settle(world);
  const reply = handler.answer(world, apiCall.input);
  stir(world);
  world.effects.push({ atMs: world.nowMs, caller, call: apiCall, ok: reply.ok });
  recordCall(world, caller.executionId ?? caller.person ?? "unknown", apiCall, reply.ok);
  return reply;
};
