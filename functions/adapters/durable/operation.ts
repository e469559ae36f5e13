import type { ErrorObject, OperationStatus, OperationType, WireOperation } from "@aws/durable-execution-sdk-js";

/**
 * One operation of an execution as the store keeps it: JSON, times in ms since the epoch.
 * `attempt` counts retries so far, as the SDK reads it: the running attempt is `attempt + 1`.
 */
export type Operation = Readonly<{
  id: string;
  parentId: string | null;
  name: string | null;
  type: OperationType;
  subType: string | null;
  status: OperationStatus;
  /** Creation order inside the execution, from 0 (the EXECUTION operation itself). */
  sequence: number;
  startedAtMs: number;
  endedAtMs: number | null;
  attempt: number;
  /** When the service acts by itself: a wait ends, a retry becomes ready, a callback times out. */
  dueAtMs: number | null;
  callback: Readonly<{ id: string; heartbeatSeconds: number | null; heartbeatDueAtMs: number | null }> | null;
  /** Serialised by the SDK: the result, the polled state of a condition, or the execution's input. */
  payload: string | null;
  error: ErrorObject | null;
  replayChildren: boolean;
}>;

/** The id of the EXECUTION operation, which the SDK expects first. Step ids are 16 hex digits, so it cannot collide. */
export const EXECUTION_OPERATION = "execution";

const TERMINAL: ReadonlySet<OperationStatus> = new Set(["SUCCEEDED", "FAILED", "TIMED_OUT", "CANCELLED", "STOPPED"]);

/** True when nothing can change the operation any more. */
export const isEnded = (operation: Operation): boolean => TERMINAL.has(operation.status);

/** The operations that a replay is given: children of an ended context are pruned unless it replays them. */
export const visible = (operations: readonly Operation[]): readonly Operation[] => {
  const byId = new Map(operations.map((operation) => [operation.id, operation]));
  return operations.filter((operation) => !isPruned(operation, (id) => byId.get(id) ?? null));
};

/** True when an ancestor has ended without asking for its children to be replayed. */
export const isPruned = (operation: Operation, find: (id: string) => Operation | null): boolean => {
  for (let id = operation.parentId; id !== null; ) {
    const parent = find(id);
    if (parent === null) return false;
    if (isEnded(parent) && !parent.replayChildren) return true;
    id = parent.parentId;
  }
  return false;
};

const isoOrAbsent = (atMs: number | null): string | undefined =>
  atMs === null ? undefined : new Date(atMs).toISOString();

/** The operation on the wire, timestamps as ISO 8601 text as Lambda's invocation event carries them. */
export const toWire = (operation: Operation): WireOperation => {
  const result = operation.payload ?? undefined;
  const error = operation.error ?? undefined;
  const shared = {
    Id: operation.id,
    ParentId: operation.parentId ?? undefined,
    Name: operation.name ?? undefined,
    Type: operation.type,
    SubType: operation.subType ?? undefined,
    Status: operation.status,
    StartTimestamp: isoOrAbsent(operation.startedAtMs),
    EndTimestamp: isoOrAbsent(operation.endedAtMs),
  };
  switch (operation.type) {
    case "EXECUTION":
      return { ...shared, ExecutionDetails: { InputPayload: result } };
    case "STEP":
      return {
        ...shared,
        StepDetails: {
          Attempt: operation.attempt,
          NextAttemptTimestamp: isoOrAbsent(operation.dueAtMs),
          Result: result,
          Error: error,
        },
      };
    case "WAIT":
      return {
        ...shared,
        WaitDetails: { ScheduledEndTimestamp: isoOrAbsent(operation.dueAtMs ?? operation.endedAtMs) },
      };
    case "CALLBACK":
      return { ...shared, CallbackDetails: { CallbackId: operation.callback?.id, Result: result, Error: error } };
    case "CONTEXT":
      return {
        ...shared,
        ContextDetails: { ReplayChildren: operation.replayChildren, Result: result, Error: error },
      };
    case "CHAINED_INVOKE":
      return { ...shared, ChainedInvokeDetails: { Result: result, Error: error } };
  }
};
