import type { Operation } from "./operation.ts";

/** When the service acts on the operation by itself, in ms; null when nothing but an answer or a person can. */
export const timerOf = (operation: Operation): number | null => {
  if (operation.status !== "STARTED" && operation.status !== "PENDING") return null;
  const heartbeatDueAtMs = operation.callback?.heartbeatDueAtMs ?? null;
  if (operation.dueAtMs === null || heartbeatDueAtMs === null) return operation.dueAtMs ?? heartbeatDueAtMs;
  return Math.min(operation.dueAtMs, heartbeatDueAtMs);
};

/** The operation after its timer: a wait ends, a retry is ready, a callback times out. Ends at the scheduled time. */
export const fire = (operation: Operation, firedAtMs: number): Operation => {
  switch (operation.type) {
    case "WAIT":
      return { ...operation, status: "SUCCEEDED", endedAtMs: firedAtMs, dueAtMs: null };
    case "STEP":
      return { ...operation, status: "READY", dueAtMs: null };
    case "CALLBACK":
      return { ...operation, status: "TIMED_OUT", endedAtMs: firedAtMs, dueAtMs: null, error: timeoutOf(operation) };
    case "CONTEXT":
    case "EXECUTION":
    case "CHAINED_INVOKE":
      return operation;
  }
};

const timeoutOf = ({ callback, dueAtMs }: Operation): Operation["error"] => {
  const heartbeatDueAtMs = callback?.heartbeatDueAtMs ?? null;
  const isHeartbeat = heartbeatDueAtMs !== null && (dueAtMs === null || heartbeatDueAtMs < dueAtMs);
  return isHeartbeat
    ? { ErrorType: "Callback.Heartbeat", ErrorMessage: "Callback heartbeat timed out" }
    : { ErrorType: "Callback.Timeout", ErrorMessage: "Callback timed out" };
};

/** True when the execution can go on without another invocation being asked for: something will wake it. */
export const isAwaited = (operation: Operation): boolean =>
  operation.status === "PENDING" ||
  operation.status === "READY" ||
  (operation.status === "STARTED" && (operation.type === "WAIT" || operation.type === "CALLBACK"));

/** The earliest of some times, null when there is none. */
export const earliest = (timesMs: Iterable<number | null>): number | null => {
  let first: number | null = null;
  for (const atMs of timesMs) if (atMs !== null && (first === null || atMs < first)) first = atMs;
  return first;
};
