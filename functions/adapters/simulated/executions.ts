import type { Json } from "../../core/json.ts";
import type { Executions } from "../../core/ports.ts";

/** The part of the embedded engine that starts and wakes; starting or ringing twice is success there too. */
type Starter = Readonly<{
  start: (name: string, payload: Json) => unknown;
  ring: (callbackId: string, result?: Json) => unknown;
}>;

/**
 * Executions on the embedded engine.
 * @param engine asked at every call, because the engine's own handler needs this port to exist first
 */
export const simulatedExecutions = (engine: () => Starter): Executions => ({
  start: async (incidentId) => {
    await engine().start(incidentId, { incidentId });
  },
  ring: async (callbackId) => {
    await engine().ring(callbackId, {});
  },
});
