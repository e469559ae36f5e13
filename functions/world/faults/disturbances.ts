import { type Disturbance, MINUTE_MS, record, stir, type World } from "../state.ts";
import { type Course, type Fault, type FaultParameters, numberOf, textOf } from "./fault.ts";
import { callsTo } from "./place.ts";

type Hit = Omit<Disturbance, "id" | "fromMs" | "toMs">;
/** `afterMinutes`: begins so much later; `minutes`: lasts so long, 0 until somebody ends it. */
type Span = Readonly<{ afterMinutes: number; minutes: number }>;

/** Disturbs what a hit names, in the name of a fault, from the minute that runs now or later. */
export const disturb = (world: World, id: string, hit: Hit, { afterMinutes, minutes }: Span): void => {
  const fromMs = (Math.floor(world.nowMs / MINUTE_MS) + afterMinutes) * MINUTE_MS;
  const toMs = minutes === 0 ? null : fromMs + minutes * MINUTE_MS;
  world.disturbances = [...world.disturbances, { ...hit, id, fromMs, toMs }];
  stir(world);
};

/** Whether a disturbance of this name is still to end. */
export const isDisturbed = (world: World, id: string): boolean =>
  world.disturbances.some((one) => one.id === id && (one.toMs === null || world.nowMs < one.toMs));

/** A repair that no API of the world shows: what a person does elsewhere ends all disturbances of this name. */
export const calm = (world: World, id: string): void => {
  world.disturbances = world.disturbances.filter((one) => one.id !== id);
  record(world, "repaired", { id });
  stir(world);
};

/** It passes after the parameter `minutes`; 0 minutes: not by itself. */
export const passesAfterMinutes = (parameters: FaultParameters): Course => {
  const afterMinutes = numberOf(parameters, "minutes");
  return afterMinutes === 0 ? { kind: "persists" } : { kind: "heals", afterMinutes };
};

/**
 * What a fault needs that hits the calls from `from` (all callers, where it is "") to `to`, both parameters: a share
 * `errorRate` fails on its way, the rest takes `timeouts` times the caller's timeout longer, for `minutes` (0: until
 * a person repairs it).
 */
export const disturbedCalls = (message: string): Pick<Fault, "course" | "start" | "isPresent" | "heal"> => ({
  course: passesAfterMinutes,
  start: (world, { id, parameters }) => {
    const [from, to] = [textOf(parameters, "from"), textOf(parameters, "to")];
    const span = { afterMinutes: 0, minutes: numberOf(parameters, "minutes") };
    for (const edge of callsTo(world.system, to).filter((call) => from === "" || call.from === from)) {
      const latencyMs = numberOf(parameters, "timeouts") * edge.timeoutMs;
      const errorRate = numberOf(parameters, "errorRate");
      disturb(world, id, { from: edge.from, to, errorRate, latencyMs, message }, span);
    }
  },
  isPresent: (world, { id }) => isDisturbed(world, id),
  heal: (world, { id }) => calm(world, id),
});

/** The same for a fault that hits all answers of the resource `arn`: `errorRate`, `latencyMs` on top, `minutes`. */
export const disturbedResource = (message: string): Pick<Fault, "course" | "start" | "isPresent" | "heal"> => ({
  ...disturbedCalls(message),
  start: (world, { id, parameters }) => {
    const to = textOf(parameters, "arn");
    const [errorRate, latencyMs] = [numberOf(parameters, "errorRate"), numberOf(parameters, "latencyMs")];
    const span = { afterMinutes: 0, minutes: numberOf(parameters, "minutes") };
    disturb(world, id, { from: null, to, errorRate, latencyMs, message }, span);
  },
});
