import {
  type CheckpointDurableExecutionResponse,
  type DurableExecutionClient,
  DurableExecutionClientError,
  DurableExecutionClientErrorScope,
  type OperationUpdate,
} from "@aws/durable-execution-sdk-js";
import type { Clock } from "../../core/ports.ts";
import { applyUpdate } from "./apply.ts";
import { type Operation, toWire, visible } from "./operation.ts";
import { type Life, never } from "./sandbox.ts";
import type { EngineStore, Execution } from "./store.ts";

/** What a hook is told of one checkpoint: `checkpoint` counts committed ones from 1, so a lost request comes again under its number. */
export type CheckpointInfo = Readonly<{
  name: string;
  invocation: number;
  checkpoint: number;
  updates: readonly Pick<OperationUpdate, "Id" | "Name" | "Type" | "SubType" | "Action">[];
}>;

/** Kills the sandbox at a checkpoint: before it the request is lost, after it the reply is. */
export type EngineHooks = Readonly<{
  beforeCheckpoint?: (info: CheckpointInfo) => "live" | "die";
  afterCheckpoint?: (info: CheckpointInfo) => "live" | "die";
}>;

export type ClientParts = Readonly<{ store: EngineStore; clock: Clock; hooks: EngineHooks }>;

/** The checkpoint token on the wire. */
export const tokenText = (execution: Execution): string => `${execution.name}:${execution.token}`;

/** The SDK's service port for one invocation: every checkpoint is one transaction of the store. */
export const invocationClient = (
  { store, clock, hooks }: ClientParts,
  { name, invocations }: Execution,
  life: Life,
): DurableExecutionClient => ({
  getExecutionState: async () => ({ Operations: visible(store.operations(name)).map(toWire) }),
  checkpoint: async ({ CheckpointToken, Updates }) => {
    if (life.isOver()) return never();
    const updates = Updates ?? [];
    const info: CheckpointInfo = {
      name,
      invocation: invocations,
      checkpoint: (store.execution(name)?.token ?? 0) - invocations + 1,
      updates,
    };
    if (hooks.beforeCheckpoint?.(info) === "die") return endLife(life);
    const response = refusals(() => store.transact(() => commit(store, clock.nowMs(), name, CheckpointToken, updates)));
    if (hooks.afterCheckpoint?.(info) === "die") return endLife(life);
    return response;
  },
});

const endLife = (life: Life): Promise<never> => {
  life.end();
  return never();
};

const commit = (
  store: EngineStore,
  nowMs: number,
  name: string,
  token: string | undefined,
  updates: readonly OperationUpdate[],
): CheckpointDurableExecutionResponse => {
  const execution = store.execution(name);
  if (execution === null || execution.status !== "RUNNING" || tokenText(execution) !== token) {
    // Another invocation has taken over: only this invocation is lost, never the execution.
    throw new DurableExecutionClientError(`Invalid Checkpoint Token ${token}`, {
      scope: DurableExecutionClientErrorScope.INVOCATION,
    });
  }
  const changed = new Map<string, Operation>();
  let nextOperation = execution.nextOperation;
  for (const update of updates) {
    const id = update.Id ?? "";
    const before = changed.get(id) ?? store.operation(name, id);
    changed.set(id, applyUpdate(before, update, { execution: name, nowMs, sequence: nextOperation }));
    if (before === null) nextOperation += 1;
  }
  const told = execution.undelivered.flatMap((id) => (changed.has(id) ? [] : (store.operation(name, id) ?? [])));
  const after: Execution = {
    ...execution,
    token: execution.token + 1,
    deathsInARow: updates.length > 0 ? 0 : execution.deathsInARow,
    undelivered: [],
    nextOperation,
  };
  store.save(after, [...changed.values()]);
  return {
    CheckpointToken: tokenText(after),
    NewExecutionState: { Operations: [...changed.values(), ...told].map(toWire) },
  };
};

/** What this client refuses is refused for good: asking again with the same updates cannot help. */
const refusals = <T>(work: () => T): T => {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof DurableExecutionClientError) throw cause;
    const isRefusal =
      cause instanceof Error && (cause.name === "PayloadTooLarge" || cause.name === "CheckpointRefused");
    throw new DurableExecutionClientError(cause instanceof Error ? cause.message : String(cause), {
      scope: isRefusal ? DurableExecutionClientErrorScope.EXECUTION : DurableExecutionClientErrorScope.INVOCATION,
      cause,
    });
  }
};
