import type { OperationUpdate } from "@aws/durable-execution-sdk-js";
import { CheckpointRefused } from "./errors.ts";
import { isEnded, type Operation } from "./operation.ts";
import { checkSize } from "./payload.ts";

export type ApplyAt = Readonly<{ execution: string; nowMs: number; sequence: number }>;

/**
 * The operation after one checkpointed update, or PayloadTooLarge or CheckpointRefused thrown.
 * @param before the stored operation, null when this update creates it with `at.sequence`
 */
export const applyUpdate = (before: Operation | null, update: OperationUpdate, at: ApplyAt): Operation => {
  const label = `${update.Type} "${update.Name ?? update.Id}" of ${at.execution}`;
  checkSize(label, update.Payload);
  if (before !== null && isEnded(before)) throw new CheckpointRefused(`${label} is already ${before.status}`);
  if (before !== null && before.type !== update.Type) throw new CheckpointRefused(`${label} is a ${before.type}`);
  if (update.Type === "CHAINED_INVOKE") {
    throw new CheckpointRefused(`${label}: the embedded engine invokes no other function; call it inside a step`);
  }
  switch (update.Action) {
    case "START":
      return started(before, update, at);
    case "RETRY":
      return retried(before ?? started(null, update, at), update, at);
    case "SUCCEED":
    case "FAIL":
      return ended(before ?? started(null, update, at), update, at);
    default:
      throw new CheckpointRefused(`${label}: the embedded engine knows no action ${update.Action}`);
  }
};

const started = (before: Operation | null, update: OperationUpdate, at: ApplyAt): Operation => {
  if (before !== null) return before.status === "READY" ? { ...before, status: "STARTED", dueAtMs: null } : before;
  if (update.Id === undefined || update.Type === undefined || update.Type === "EXECUTION") {
    throw new CheckpointRefused(`${at.execution}: an operation cannot start without an id and a type of its own`);
  }
  const timeoutSeconds =
    update.Type === "WAIT" ? update.WaitOptions?.WaitSeconds : update.CallbackOptions?.TimeoutSeconds;
  return {
    id: update.Id,
    parentId: update.ParentId ?? null,
    name: update.Name ?? null,
    type: update.Type,
    subType: update.SubType ?? null,
    status: "STARTED",
    sequence: at.sequence,
    startedAtMs: at.nowMs,
    endedAtMs: null,
    attempt: 0,
    dueAtMs: timeoutSeconds === undefined ? null : at.nowMs + timeoutSeconds * 1000,
    callback: update.Type === "CALLBACK" ? newCallback(update, at) : null,
    payload: null,
    error: null,
    replayChildren: false,
  };
};

const newCallback = (update: OperationUpdate, at: ApplyAt): Operation["callback"] => {
  const heartbeatSeconds = update.CallbackOptions?.HeartbeatTimeoutSeconds ?? null;
  return {
    id: callbackIdOf(at.execution, update.Id ?? ""),
    heartbeatSeconds,
    heartbeatDueAtMs: heartbeatSeconds === null ? null : at.nowMs + heartbeatSeconds * 1000,
  };
};

const retried = (before: Operation, update: OperationUpdate, at: ApplyAt): Operation => {
  if (before.type !== "STEP") throw new CheckpointRefused(`a ${before.type} of ${at.execution} cannot be retried`);
  return {
    ...before,
    status: "PENDING",
    attempt: before.attempt + 1,
    dueAtMs: at.nowMs + (update.StepOptions?.NextAttemptDelaySeconds ?? 0) * 1000,
    payload: update.Payload ?? before.payload,
    error: update.Error ?? null,
  };
};

const ended = (before: Operation, update: OperationUpdate, at: ApplyAt): Operation => ({
  ...before,
  status: update.Action === "SUCCEED" ? "SUCCEEDED" : "FAILED",
  endedAtMs: at.nowMs,
  dueAtMs: null,
  payload: update.Action === "SUCCEED" ? (update.Payload ?? null) : null,
  error: update.Error ?? null,
  replayChildren: update.ContextOptions?.ReplayChildren ?? false,
});

/** An opaque callback id that leads back to its operation: base64url of `EXECUTION/OPERATION`. It carries no authority. */
export const callbackIdOf = (execution: string, operation: string): string =>
  Buffer.from(`${execution}/${operation}`, "utf8").toString("base64url");

/** Execution and operation of a callback id, or null when the text is not one. */
export const parseCallbackId = (callbackId: string): Readonly<{ execution: string; operation: string }> | null => {
  const found = /^([A-Za-z0-9_-]{1,64})\/([0-9a-f]+)$/.exec(Buffer.from(callbackId, "base64url").toString("utf8"));
  const [, execution, operation] = found ?? [];
  return execution === undefined || operation === undefined ? null : { execution, operation };
};
