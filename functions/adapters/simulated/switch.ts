import type { Switch } from "../../core/ports.ts";

/** The kill switch in a position that the caller decides at every read; a position that throws reads as unreadable. */
export const simulatedSwitch = (position: () => "on" | "off"): Switch => ({ read: async () => position() });
