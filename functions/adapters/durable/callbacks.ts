import type { Clock } from "../../core/ports.ts";
import { parseCallbackId } from "./apply.ts";
import { CallbackUnknown } from "./errors.ts";
import { openOperation, wake } from "./lifecycle.ts";
import type { Operation } from "./operation.ts";
import { checkSize } from "./payload.ts";
import type { EngineStore, Execution } from "./store.ts";
import { timerOf } from "./timers.ts";

export type CallbackParts = Readonly<{ store: EngineStore; clock: Clock }>;

/** Closes an open callback and wakes its execution. A late or second answer changes nothing; CallbackUnknown on a foreign id. */
export const answer = (
  { store, clock }: CallbackParts,
  callbackId: string,
  close: (operation: Operation) => Operation,
): "completed" | "already-completed" =>
  store.transact(() => {
    const open = openCallback(store, callbackId, clock.nowMs());
    if (open === null) return "already-completed";
    const closed = { ...close(open.operation), endedAtMs: clock.nowMs(), dueAtMs: null };
    checkSize(`the answer to ${callbackId}`, closed.payload ?? undefined);
    store.save(wake(open.execution, [closed.id]), [closed]);
    return "completed";
  });

/** Puts an open callback's heartbeat timeout off by its full length. */
export const heartbeat = ({ store, clock }: CallbackParts, callbackId: string): "alive" | "already-completed" =>
  store.transact(() => {
    const open = openCallback(store, callbackId, clock.nowMs());
    if (open === null) return "already-completed";
    const { callback } = open.operation;
    if (callback === null || callback.heartbeatSeconds === null) return "alive";
    const heartbeatDueAtMs = clock.nowMs() + callback.heartbeatSeconds * 1000;
    // dueAtMs of the execution may now be early: its timers are looked at once for nothing, and planned again.
    store.save(open.execution, [{ ...open.operation, callback: { ...callback, heartbeatDueAtMs } }]);
    return "alive";
  });

const openCallback = (
  store: EngineStore,
  callbackId: string,
  nowMs: number,
): Readonly<{ execution: Execution; operation: Operation }> | null => {
  const place = parseCallbackId(callbackId);
  const execution = place === null ? null : store.execution(place.execution);
  if (place === null || execution === null) throw new CallbackUnknown(`no execution here waits for ${callbackId}`);
  const operation = openOperation(store, place.execution, place.operation);
  const dueAtMs = operation === null ? null : timerOf(operation);
  const isLate = (dueAtMs ?? nowMs + 1) <= nowMs || (execution.timeoutAtMs ?? nowMs + 1) <= nowMs;
  return operation === null || isLate ? null : { execution, operation };
};
