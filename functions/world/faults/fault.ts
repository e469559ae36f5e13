import type { World } from "../state.ts";
import type { Topology } from "../topology.ts";
import type { ApiCall } from "../types.ts";

export type FaultParameters = Readonly<Record<string, string | number>>;

/** One way in which the world breaks. Each fault answers for itself; the list is in `all-faults.ts`. */
export type Fault = Readonly<{
  id: string;
  family: "code-bug" | "dependency" | "infrastructure" | "deployment" | "config" | "database" | "auth" | "transient";
  /** Weight among all faults where nobody asks for one; the families' shares are those of published incidents. */
  likelihood: number;
  /** Runbooks that heal it, and runbooks that do harm or only cost time: truth for tests, unknown to Quell. */
  good: readonly string[];
  bad: readonly string[];
  /** Draws what differs from incident to incident: severity, speed, place. */
  draw: (topology: Topology, stream: string) => FaultParameters;
  /** Minutes from onset after which it is gone without anybody's help; null = it stays. */
  healsAloneAfterMinutes: (parameters: FaultParameters) => number | null;
  start: (world: World, parameters: FaultParameters) => void;
  /** Whether its cause is in the world now, whatever users notice. */
  isPresent: (world: World, parameters: FaultParameters) => boolean;
  /** What a person who understands it does. */
  heal: (world: World, parameters: FaultParameters, act: (apiCall: ApiCall) => void) => void;
  /** The alarm that it is expected to raise. */
  alarm: (topology: Topology, parameters: FaultParameters) => string;
}>;

/** A numeric parameter. Throws where the scenario lacks it. */
export const numberOf = (parameters: FaultParameters, name: string): number => {
  const value = parameters[name];
  if (typeof value !== "number") throw new TypeError(`the fault's parameter ${name} is not a number`);
  return value;
};

/** A text parameter. Throws where the scenario lacks it. */
export const textOf = (parameters: FaultParameters, name: string): string => {
  const value = parameters[name];
  if (typeof value !== "string") throw new TypeError(`the fault's parameter ${name} is not a text`);
  return value;
};
