import type { AutomationDocument } from "../../core/automation-document.ts";
import type { Actuator } from "../../core/ports.ts";
import type { Catalogue } from "../../core/runbook.ts";
import type { Run } from "../../core/stages.ts";
import { runOf, startAutomation, stopAutomation } from "../../world/runs.ts";
import type { World } from "../../world/state.ts";
import type { WorldRun } from "../../world/types.ts";
import { type KeepInput, keepingInputs } from "./inputs.ts";

/** No such execution in this world: the id was never minted by it. */
export class ExecutionNotFound extends Error {
  override readonly name = "ExecutionNotFound";
}

/** Every document that the catalogue can start, by the name under which it is deployed. */
export const documentsOf = (catalogue: Catalogue): ReadonlyMap<string, AutomationDocument> =>
  new Map(
    catalogue.runbooks
      .flatMap(({ documents }) => (documents === null ? [] : [documents.automation, documents.undo]))
      .flatMap((document) => (document === null ? [] : [[document.name, document] as const])),
  );

/** Runs documents in the simulated cloud. */
export const simulatedActuator = (
  world: World,
  documents: ReadonlyMap<string, AutomationDocument>,
  keepInput: KeepInput,
): Actuator => ({
  start: async (request) => keepingInputs(world, keepInput, () => startAutomation(world, documents, request)),
  poll: async (executionId) => shown(found(world, executionId)),
  stop: async (executionId) => {
    found(world, executionId);
    keepingInputs(world, keepInput, () => stopAutomation(world, executionId));
  },
});

const found = (world: World, executionId: string): WorldRun => {
  const run = runOf(world, executionId);
  if (run === null) throw new ExecutionNotFound(`${executionId}: this world has no such execution; start one first`);
  return run;
};

const shown = (run: WorldRun): Run => ({
  executionId: run.executionId,
  status: run.status,
  failedStep: run.failedStep,
  reason: run.reason,
  outputs: run.outputs,
  startedAtMs: run.startedAtMs,
  endedAtMs: run.endedAtMs,
});
