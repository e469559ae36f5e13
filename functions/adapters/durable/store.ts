import type { ErrorObject } from "@aws/durable-execution-sdk-js";
import type { Operation } from "./operation.ts";

export type ExecutionStatus = "RUNNING" | "SUCCEEDED" | "FAILED" | "TIMED_OUT";

/** One durable execution without its operations: JSON, times in ms since the epoch. */
export type Execution = Readonly<{
  name: string;
  /** Order of starting, from 0: the order in which due executions are invoked. */
  sequence: number;
  status: ExecutionStatus;
  startedAtMs: number;
  endedAtMs: number | null;
  /** When the whole execution times out, null for never. */
  timeoutAtMs: number | null;
  inputHash: string;
  /** The handler's result as JSON text. */
  result: string | null;
  error: ErrorObject | null;
  /** The checkpoint token that is valid now; every invocation and every checkpoint takes the next one. */
  token: number;
  invocations: number;
  /** Invocations that ended without an answer, and how many of them in a row left nothing behind. */
  deaths: number;
  deathsInARow: number;
  /** When to invoke, 0 for at once, null while only a timer or an answer can wake it. Kept until the invocation ends. */
  invokeAtMs: number | null;
  /** Operations changed by a timer or an answer that no invocation has been told of yet. */
  undelivered: readonly string[];
  nextOperation: number;
  /** The earliest moment at which anything is to be done, null when never: the store's index. */
  dueAtMs: number | null;
}>;

/**
 * Where executions live. Synchronous, so that a read and the write that rests on it cannot be parted in one process;
 * `transact` keeps them together between processes, and undoes nothing but what a throw leaves half written.
 */
export type EngineStore = Readonly<{
  transact: <T>(work: () => T) => T;
  execution: (name: string) => Execution | null;
  operation: (name: string, id: string) => Operation | null;
  /** In creation order. */
  operations: (name: string) => readonly Operation[];
  /** Replaces the execution and each given operation; other operations stay. */
  save: (execution: Execution, operations: readonly Operation[]) => void;
  /** How many executions there are. */
  size: () => number;
  /** In order of starting. */
  names: () => readonly string[];
  /** Executions with something to do at or before `nowMs`, in order of starting. */
  due: (nowMs: number) => readonly string[];
  /** The earliest dueAtMs of all, null when nothing is planned. */
  nextDueAtMs: () => number | null;
}>;
