import type { AutomationDocument } from "../core/automation-document.ts";
import { advance } from "./advance.ts";
import { page } from "./people.ts";
import { startAutomation, stopAutomation } from "./runs.ts";
import type { World } from "./state.ts";
import type { WorldInput } from "./types.ts";

/**
 * Gives a world one input at its time. `createWorld(scenario)` and another world's `inputs` in order, then `advance` to
 * the same time, rebuild that world to the byte (deliveries that were taken wait in the outbox again until taken).
 * Throws where a recorded start is refused: the documents are then not those of the recording.
 */
export const applyInput = (
  world: World,
  documents: ReadonlyMap<string, AutomationDocument>,
  input: WorldInput,
): void => {
  advance(world, input.atMs);
  if (input.kind === "page") page(world, input.incidentId);
  else if (input.kind === "stop-automation") stopAutomation(world, input.executionId);
  else {
    const { kind: _kind, atMs: _atMs, ...request } = input;
    const started = startAutomation(world, documents, request);
    if (started.kind === "refused")
      throw new Error(`replaying the start of ${request.documentName}: ${started.detail}`);
  }
};
