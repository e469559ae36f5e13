import type { MetricRef } from "../../core/alarm.ts";
import type { ActiveFault, ResourceState, World } from "../state.ts";
import type { System } from "../system.ts";
import type { ApiCall } from "../types.ts";

/** What was drawn of one incident: places (ARNs), severities, times. A name and its unit are the fault's own. */
export type FaultParameters = Readonly<Record<string, string | number>>;

/** Published incidents by what caused them, and what heals by itself. */
export const FAMILIES = [
  "code-bug",
  "dependency",
  "infrastructure",
  "deployment",
  "config",
  "database",
  "network",
  "auth",
  "capacity",
  "messaging",
  "cache",
  "transient",
] as const;
/** One of the families above. */
export type Family = (typeof FAMILIES)[number];

/**
 * What a runbook does to it, on the resource that the fault's parameter `at` names (an ARN). Within an hour `heals` ends
 * its impact, `eases` lowers it and `nothing` leaves it; within half an hour `harms` adds to it, as any harmful action
 * does. Truth for tests, people and bounds; unknown to Quell.
 */
export type Remedy = Readonly<{ runbook: string; at: string; does: "heals" | "eases" | "nothing" | "harms" }>;

/** What it does when nobody does anything. */
export type Course =
  | Readonly<{ kind: "heals"; afterMinutes: number }>
  | Readonly<{ kind: "persists" }>
  | Readonly<{ kind: "worsens" }>;

/** A metric in which it shows, and how: its level over ten minutes well after the onset against ten before. */
export type Symptom = Readonly<{ metric: MetricRef; moves: "up" | "down" | "silent"; afterMinutes: number }>;

/** One way in which the world breaks. Each fault answers for itself; the list is in `all-faults.ts`. */
export type Fault = Readonly<{
  id: string;
  family: Family;
  /** Weight among all faults where nobody asks for one; the families' shares are those of published incidents. */
  likelihood: number;
  /** Kinds of resources without which it cannot happen. */
  needs: readonly string[];
  /** Draws what differs from incident to incident: place, severity, speed, and what is true of it and nobody knows. */
  draw: (system: System, stream: string) => FaultParameters;
  /** At least one that heals or eases it, unless no runbook does, and one that does not. */
  remedies: (parameters: FaultParameters) => readonly Remedy[];
  course: (parameters: FaultParameters) => Course;
  /** Where it shows, at least one. */
  symptoms: (system: System, parameters: FaultParameters) => readonly Symptom[];
  start: (world: World, active: ActiveFault) => void;
  /** Whether its cause is in the world now, whatever users notice. */
  isPresent: (world: World, active: ActiveFault) => boolean;
  /** What a person who understands it does: calls, or repairs that no API of the world shows. */
  heal: (world: World, active: ActiveFault, act: (apiCall: ApiCall) => void) => void;
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

/** The resource that a parameter names. Throws where the world has none of that kind there. */
export const stateAt = <State extends ResourceState>(
  world: World,
  { parameters }: Pick<ActiveFault, "parameters">,
  name: string,
  isOne: (resource: ResourceState) => resource is State,
): State => {
  const state = world.resources[textOf(parameters, name)];
  if (state === undefined || !isOne(state)) throw new Error(`the fault's parameter ${name} names no such resource`);
  return state;
};
