import type { Pager } from "../../core/ports.ts";
import { page } from "../../world/people.ts";
import type { World } from "../../world/state.ts";
import { type KeepInput, keepingInputs } from "./inputs.ts";

/** Pages the simulated person on call, who heals the world in their own time. Paging an incident twice is one page. */
export const simulatedPager = (world: World, keepInput: KeepInput): Pager => ({
  page: async ({ incidentId }) => {
    keepingInputs(world, keepInput, () => page(world, incidentId));
  },
  // The simulated person watches the world itself, so words after the page change nothing.
  update: async () => {},
  resolve: async () => {},
});
