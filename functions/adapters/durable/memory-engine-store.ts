import type { Operation } from "./operation.ts";
import type { EngineStore, Execution } from "./store.ts";
import { earliest } from "./timers.ts";

type Held = { execution: Execution; readonly operations: Map<string, Operation> };

/** An EngineStore that lives as long as the process: for game days and tests. */
export const memoryEngineStore = (): EngineStore => {
  const held = new Map<string, Held>();
  const planned = new Map<string, Execution>();
  return {
    transact: (work) => work(),
    execution: (name) => held.get(name)?.execution ?? null,
    operation: (name, id) => held.get(name)?.operations.get(id) ?? null,
    operations: (name) => [...(held.get(name)?.operations.values() ?? [])],
    save: (execution, operations) => {
      const entry = held.get(execution.name) ?? { execution, operations: new Map() };
      held.set(execution.name, entry);
      entry.execution = execution;
      for (const operation of operations) entry.operations.set(operation.id, operation);
      if (execution.dueAtMs === null) planned.delete(execution.name);
      else planned.set(execution.name, execution);
    },
    size: () => held.size,
    names: () => [...held.keys()],
    due: (nowMs) =>
      [...planned.values()]
        .filter(({ dueAtMs }) => dueAtMs !== null && dueAtMs <= nowMs)
        .toSorted((a, b) => a.sequence - b.sequence)
        .map(({ name }) => name),
    nextDueAtMs: () => earliest([...planned.values()].map(({ dueAtMs }) => dueAtMs)),
  };
};
