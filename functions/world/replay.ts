import type { AutomationDocument } from "../core/automation-document.ts";
import { page } from "./people.ts";
import { startAutomation, stopAutomation } from "./runs.ts";
import type { World } from "./state.ts";
import type { WorldInput } from "./types.ts";
import { advance } from "./world.ts";

/**
 * Gives a world one input at its time. `createWorld(scenario)` and another world's `inputs` in order, then `advance` to
 * the same time, rebuild that world to the byte (deliveries that were taken wait in the outbox again until taken).
 * An input that the world would refuse, or has had before, changes nothing but the time. Throws on a time in the past.
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
    startAutomation(world, documents, request);
  }
};
