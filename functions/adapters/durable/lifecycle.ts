import { type DurableExecutionInvocationOutput, InvocationStatus } from "@aws/durable-execution-sdk-js";
import { isPruned, type Operation, visible } from "./operation.ts";
import type { Ending } from "./sandbox.ts";
import type { EngineStore, Execution } from "./store.ts";
import { earliest, fire, isAwaited, timerOf } from "./timers.ts";

/** Invocations in a row that may end without leaving a checkpoint before the execution is given up. */
export const DEATHS_IN_A_ROW = 10;
const LONGEST_PAUSE_SECONDS = 60;
const AT_ONCE = 0;

/** The execution with `dueAtMs` brought up to date; `operations` are all of its operations. */
export const planned = (execution: Execution, operations: readonly Operation[]): Execution => {
  if (execution.status !== "RUNNING") return { ...execution, dueAtMs: null };
  const timers = execution.invokeAtMs === AT_ONCE ? [] : visible(operations).map(timerOf);
  return { ...execution, dueAtMs: earliest([execution.invokeAtMs, execution.timeoutAtMs, ...timers]) };
};

/** Opens the next invocation: a new token makes every earlier one stale. Its death leaves it due at once. */
export const begin = (store: EngineStore, execution: Execution): Execution => {
  const begun: Execution = {
    ...execution,
    token: execution.token + 1,
    invocations: execution.invocations + 1,
    invokeAtMs: AT_ONCE,
    undelivered: [],
    dueAtMs: AT_ONCE,
  };
  store.save(begun, []);
  return begun;
};

/** Fires every timer of one execution that is due, its own timeout last, and says whether it is to be invoked now. */
export const fireDue = (store: EngineStore, name: string, nowMs: number): Execution | null => {
  const execution = store.execution(name);
  if (execution === null || execution.status !== "RUNNING") return null;
  const operations = store.operations(name);
  const fired = visible(operations).flatMap((operation) => {
    const atMs = timerOf(operation);
    return atMs !== null && atMs <= nowMs ? [fire(operation, atMs)] : [];
  });
  const woken =
    fired.length === 0
      ? execution
      : wake(
          execution,
          fired.map(({ id }) => id),
        );
  const { timeoutAtMs } = woken;
  const after = timeoutAtMs !== null && timeoutAtMs <= nowMs ? timedOut(woken, timeoutAtMs) : woken;
  const current =
    fired.length === 0 ? operations : operations.map((old) => fired.find(({ id }) => id === old.id) ?? old);
  const planning = planned(after, current);
  store.save(planning, fired);
  const { status, invokeAtMs } = planning;
  return status === "RUNNING" && invokeAtMs !== null && invokeAtMs <= nowMs ? planning : null;
};

/** The execution with changes that its next invocation is to be told of. */
export const wake = (execution: Execution, changed: readonly string[]): Execution => ({
  ...execution,
  invokeAtMs: AT_ONCE,
  undelivered: [...new Set([...execution.undelivered, ...changed])],
  dueAtMs: AT_ONCE,
});

/** An operation that can still be answered: neither ended nor pruned, and its execution runs. */
export const openOperation = (store: EngineStore, name: string, id: string): Operation | null => {
  const operation = store.operation(name, id);
  if (operation === null || operation.status !== "STARTED" || store.execution(name)?.status !== "RUNNING") return null;
  return isPruned(operation, (parent) => store.operation(name, parent)) ? null : operation;
};

/** Writes how an invocation ended. The word of an invocation that another one has replaced counts for nothing. */
export const settle = (
  store: EngineStore,
  invocation: Execution,
  ending: Ending<DurableExecutionInvocationOutput>,
  nowMs: number,
): void => {
  const execution = store.execution(invocation.name);
  if (execution?.status !== "RUNNING" || execution.invocations !== invocation.invocations) return;
  const operations = store.operations(execution.name);
  const after =
    ending.kind === "answered" ? answered(execution, operations, ending.answer, nowMs) : dead(execution, ending, nowMs);
  store.save(planned(after, operations), []);
};

const answered = (
  execution: Execution,
  operations: readonly Operation[],
  answer: DurableExecutionInvocationOutput,
  nowMs: number,
): Execution => {
  switch (answer.Status) {
    case InvocationStatus.SUCCEEDED:
      return { ...execution, status: "SUCCEEDED", endedAtMs: nowMs, result: answer.Result ?? null };
    case InvocationStatus.FAILED:
      return { ...execution, status: "FAILED", endedAtMs: nowMs, error: answer.Error };
    case InvocationStatus.PENDING:
      if (execution.undelivered.length > 0) return { ...execution, invokeAtMs: AT_ONCE };
      if (visible(operations).some(isAwaited)) return { ...execution, invokeAtMs: null };
      return failed(execution, nowMs, "Invocation.NothingPending", "the handler waits for nothing that can wake it");
  }
};

const dead = (
  execution: Execution,
  ending: Exclude<Ending<never>, Readonly<{ kind: "answered" }>>,
  nowMs: number,
): Execution => {
  const deathsInARow = execution.deathsInARow + 1;
  const counted = { ...execution, deaths: execution.deaths + 1, deathsInARow };
  const why = ending.kind === "died" ? "its sandbox died" : String(ending.error);
  if (deathsInARow >= DEATHS_IN_A_ROW) {
    const message = `${deathsInARow} invocations in a row ended without a checkpoint; the last one: ${why}`;
    return failed(counted, nowMs, "Invocation.Died", message);
  }
  const pauseSeconds = Math.min(2 ** (deathsInARow - 1), LONGEST_PAUSE_SECONDS);
  return { ...counted, invokeAtMs: ending.kind === "died" ? AT_ONCE : nowMs + pauseSeconds * 1000 };
};

const failed = (execution: Execution, nowMs: number, type: string, message: string): Execution => ({
  ...execution,
  status: "FAILED",
  endedAtMs: nowMs,
  error: { ErrorType: type, ErrorMessage: message },
});

const timedOut = (execution: Execution, atMs: number): Execution => ({
  ...execution,
  status: "TIMED_OUT",
  endedAtMs: atMs,
  error: { ErrorType: "Execution.Timeout", ErrorMessage: "the execution passed its timeout" },
});
