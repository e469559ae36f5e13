import { noteConfigChange } from "../config-changes.ts";
import type { CallEdge } from "../state.ts";
import type { System } from "../system.ts";
import { callDraw } from "./call-place.ts";
import { disturbedCalls } from "./disturbances.ts";
import { type Fault, textOf } from "./fault.ts";

/** The parameters of `callDraw`, and `changed`: the end of the call whose configuration somebody changes. */
export const misconfiguredDraw = (
  system: System,
  call: CallEdge,
  changed: "from" | "to",
): ReturnType<typeof callDraw> & Readonly<{ changed: string }> => {
  const { from, to, ...reached } = callDraw(system, call);
  return { from, to, changed: call[changed], ...reached };
};

/** As `disturbedCalls`, by a change of the configuration of the resource that the parameter `changed` names. */
export const misconfiguredCalls = (message: string): ReturnType<typeof disturbedCalls> => {
  const disturbed = disturbedCalls(message);
  const start: Fault["start"] = (world, active) => {
    disturbed.start(world, active);
    noteConfigChange(world, textOf(active.parameters, "changed"));
  };
  return { ...disturbed, start };
};
