import { faultNamed } from "./faults/all-faults.ts";
import { personArrives } from "./people.ts";
import { releaseCode } from "./releases.ts";
import { behaviourOf } from "./resources/resource-types.ts";
import { continueRun } from "./runs.ts";
import { closeMinute, settle } from "./settle.ts";
import { type AgendaWhat, record, type World } from "./state.ts";
import type { Delivery } from "./types.ts";

/** Processes every event up to and including `toMs`, which becomes now. Throws where that lies in the past. */
export const advance = (world: World, toMs: number): void => {
  if (toMs < world.nowMs) throw new RangeError(`the world's time does not go back from ${world.nowMs} to ${toMs}`);
  for (let next = world.agenda[0]; next !== undefined && next.atMs <= toMs; next = world.agenda[0]) {
    world.agenda.shift();
    world.nowMs = next.atMs;
    settle(world);
    happen(world, next.what);
  }
  world.nowMs = toMs;
};

/** When something happens next by itself, a delivery included; null when nothing ever does. */
export const nextEventMs = (world: World): number | null => {
  const times = [world.agenda[0]?.atMs, world.outbox[0]?.deliverAtMs].filter((atMs) => atMs !== undefined);
  return times.length === 0 ? null : Math.min(...times);
};

/** Takes the events that EventBridge delivers by now out of the outbox, in the order of their delivery. */
export const takeDeliveries = (world: World): Delivery[] => {
  const due = world.outbox.filter((delivery) => delivery.deliverAtMs <= world.nowMs);
  world.outbox = world.outbox.slice(due.length);
  return due;
};

const happen = (world: World, what: AgendaWhat): void => {
  if (what.kind === "minute") closeMinute(world);
  else if (what.kind === "resource") happenToResource(world, what.arn, what.what, what.subject);
  else if (what.kind === "fault") startFault(world);
  else if (what.kind === "run") continueRun(world, what.executionId);
  else if (what.kind === "person-arrives") personArrives(world);
  else releaseCode(world, what.arn, null);
};

const happenToResource = (world: World, arn: string, what: string, subject: string): void => {
  const state = world.resources[arn];
  if (state !== undefined) behaviourOf(state).happen?.(world, state, what, subject);
};

const startFault = (world: World): void => {
  const { fault: id, parameters } = world.scenario;
  world.fault.startedAtMs = world.nowMs;
  record(world, "fault", { id, parameters });
  faultNamed(id)?.start(world, parameters);
};
