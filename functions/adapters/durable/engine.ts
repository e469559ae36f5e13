import { DurableExecutionInvocationInputWithClient, type DurableLambdaHandler } from "@aws/durable-execution-sdk-js";
import { hashOf } from "../../core/ids.ts";
import type { Json } from "../../core/json.ts";
import type { Clock } from "../../core/ports.ts";
import { answer, heartbeat } from "./callbacks.ts";
import { type EngineHooks, invocationClient, tokenText } from "./client.ts";
import { DurableExecutionAlreadyStarted, ExecutionNameInvalid } from "./errors.ts";
import { executionArn, lambdaContext } from "./lambda-context.ts";
import { begin, fireDue, settle, wake } from "./lifecycle.ts";
import { EXECUTION_OPERATION, type Operation, toWire, visible } from "./operation.ts";
import { checkSize } from "./payload.ts";
import { createSandbox, type Sandbox } from "./sandbox.ts";
import type { EngineStore, Execution, ExecutionStatus } from "./store.ts";

export type EngineParts = Readonly<{
  store: EngineStore;
  clock: Clock;
  /** The deployed handler, unmodified: what withDurableExecution returned. */
  handler: DurableLambdaHandler;
  hooks?: EngineHooks;
  /** Lets code inside an invocation kill it. */
  sandbox?: Sandbox;
  /** Seconds after which an execution ends TIMED_OUT; absent, it never does. */
  executionTimeoutSeconds?: number;
}>;

export type Described = Readonly<{
  status: ExecutionStatus;
  /** The handler's result, null while there is none. */
  result: Json;
  error: Readonly<{ type: string; message: string }> | null;
  /** All operations in creation order, the pruned ones too; without the execution's own. */
  operations: readonly Operation[];
  invocations: number;
  /** Invocations that ended without an answer. */
  deaths: number;
}>;

/** Lambda's durable execution service in one process. One process at a time runs a store; others may start and ring. */
export type Engine = Readonly<{
  /** Starts nothing new for a known name. Throws DurableExecutionAlreadyStarted on another payload, PayloadTooLarge, ExecutionNameInvalid. */
  start: (name: string, payload: Json) => "started" | "already-running";
  /** Answers a callback. A late or second answer changes nothing. Throws CallbackUnknown on an id of another store. */
  ring: (callbackId: string, result?: Json) => "completed" | "already-completed";
  fail: (callbackId: string, message: string) => "completed" | "already-completed";
  /** Puts a callback's heartbeat timeout off by its full length. */
  heartbeat: (callbackId: string) => "alive" | "already-completed";
  /** When there is next something to do, never before now; null when only an answer can go on. */
  nextDueMs: () => number | null;
  /** Fires due timers and invokes what is runnable, one at a time in order of starting, until nothing is; returns the number of invocations. */
  runDue: () => Promise<number>;
  describe: (name: string) => Described | null;
  names: () => readonly string[];
}>;

export const createEngine = (parts: EngineParts): Engine => {
  const { store, clock } = parts;
  const invoke = invoker(parts);
  let running: Promise<unknown> = Promise.resolve();
  const runAll = async (): Promise<number> => {
    let invocations = 0;
    for (let due = store.due(clock.nowMs()); due.length > 0; due = store.due(clock.nowMs())) {
      for (const name of due) {
        const runnable = store.transact(() => fireDue(store, name, clock.nowMs()));
        if (runnable === null) continue;
        invocations += 1;
        await invoke(runnable);
      }
    }
    return invocations;
  };
  return {
    start: (name, payload) => store.transact(() => start(parts, name, payload)),
    ring: (callbackId, result) => {
      const payload = result === undefined ? null : typeof result === "string" ? result : JSON.stringify(result);
      return answer(parts, callbackId, (operation) => ({ ...operation, status: "SUCCEEDED", payload }));
    },
    fail: (callbackId, message) =>
      answer(parts, callbackId, (operation) => ({
        ...operation,
        status: "FAILED",
        error: { ErrorType: "CallbackError", ErrorMessage: message },
      })),
    heartbeat: (callbackId) => heartbeat(parts, callbackId),
    nextDueMs: () => {
      const dueAtMs = store.nextDueAtMs();
      return dueAtMs === null ? null : Math.max(dueAtMs, clock.nowMs());
    },
    runDue: () => {
      const run = running.then(runAll);
      running = run.catch(() => {}); // whoever asked for the failed run is told; the next run starts afresh
      return run;
    },
    describe: (name) => {
      const execution = store.execution(name);
      return execution === null ? null : described(execution, store.operations(name));
    },
    names: () => store.names(),
  };
};

const invoker = (parts: EngineParts): ((due: Execution) => Promise<void>) => {
  const { store, clock, handler, hooks = {}, sandbox = createSandbox() } = parts;
  return async (due) => {
    const begun = store.transact(() => begin(store, due));
    const { name, invocations } = begun;
    const ending = await sandbox.run(async (life) => {
      const input = {
        DurableExecutionArn: executionArn(name),
        CheckpointToken: tokenText(begun),
        InitialExecutionState: { Operations: visible(store.operations(name)).map(toWire) },
      };
      const event = new DurableExecutionInvocationInputWithClient(
        input,
        invocationClient({ store, clock, hooks }, begun, life),
      );
      // The class keeps only three members of its input; the SDK reads this one from the event all the same.
      return handler(
        Object.assign(event, { UpdatedOperationIds: [...due.undelivered] }),
        lambdaContext(name, invocations),
      );
    });
    store.transact(() => settle(store, begun, ending, clock.nowMs()));
  };
};

const start = (parts: EngineParts, name: string, payload: Json): "started" | "already-running" => {
  const { store, clock, executionTimeoutSeconds } = parts;
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(name)) {
    throw new ExecutionNameInvalid(`"${name}" is no execution name: 1 to 64 characters of A-Z a-z 0-9 - _`);
  }
  const input = JSON.stringify(payload);
  checkSize(`the payload of ${name}`, input);
  const inputHash = hashOf(payload);
  const known = store.execution(name);
  if (known?.inputHash === inputHash) return "already-running";
  if (known !== null) throw new DurableExecutionAlreadyStarted(`${name} was started with another payload`);
  const startedAtMs = clock.nowMs();
  const execution: Execution = {
    name,
    sequence: store.size(),
    status: "RUNNING",
    startedAtMs,
    endedAtMs: null,
    timeoutAtMs: executionTimeoutSeconds === undefined ? null : startedAtMs + executionTimeoutSeconds * 1000,
    inputHash,
    result: null,
    error: null,
    token: 0,
    invocations: 0,
    deaths: 0,
    deathsInARow: 0,
    invokeAtMs: null,
    undelivered: [],
    nextOperation: 1,
    dueAtMs: null,
  };
  store.save(wake(execution, []), [executionOperation(input, startedAtMs)]);
  return "started";
};

const executionOperation = (input: string, startedAtMs: number): Operation => ({
  id: EXECUTION_OPERATION,
  parentId: null,
  name: null,
  type: "EXECUTION",
  subType: null,
  status: "STARTED",
  sequence: 0,
  startedAtMs,
  endedAtMs: null,
  attempt: 0,
  dueAtMs: null,
  callback: null,
  payload: input,
  error: null,
  replayChildren: false,
});

const described = (execution: Execution, operations: readonly Operation[]): Described => ({
  status: execution.status,
  result: execution.result === null || execution.result === "" ? null : JSON.parse(execution.result),
  error:
    execution.error === null
      ? null
      : { type: execution.error.ErrorType ?? "Error", message: execution.error.ErrorMessage ?? "" },
  operations: operations.filter(({ id }) => id !== EXECUTION_OPERATION),
  invocations: execution.invocations,
  deaths: execution.deaths,
});
