import { noteConfigChange } from "../config-changes.ts";
import { disturbedCalls } from "./disturbances.ts";
import { type Fault, textOf } from "./fault.ts";

/** As `disturbedCalls`, by a change of the configuration of the resource that the parameter `changed` names. */
export const misconfiguredCalls = (message: string): ReturnType<typeof disturbedCalls> => {
  const disturbed = disturbedCalls(message);
  const start: Fault["start"] = (world, active) => {
    disturbed.start(world, active);
    noteConfigChange(world, textOf(active.parameters, "changed"));
  };
  return { ...disturbed, start };
};
