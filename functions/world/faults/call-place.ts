import type { CallEdge, ResourceState } from "../state.ts";
import type { System } from "../system.ts";
import type { Role } from "../topology.ts";
import { busyOne, planOf, trafficAt } from "./busy-place.ts";
import { ecsAt } from "./ecs-place.ts";
import { callsTo, entryAbove } from "./place.ts";

/** A call from one service to another of one of these roles, for which the caller waits. */
export const callPlace = (
  system: System,
  stream: string,
  roles: readonly Role[],
  callers: readonly Role[] = ["front", "inner", "worker"],
): CallEdge => {
  const calls = system.edges
    .filter(({ isAsync }) => !isAsync)
    .map((edge) => ({ edge, from: stateOf(system, edge.from), to: stateOf(system, edge.to) }))
    .filter(({ from, to }) => from.service !== to.service)
    .filter(({ from }) => callers.some((role) => role === roleOf(system, from)))
    .filter(({ to }) => roles.some((role) => role === roleOf(system, to)));
  return busyOne(stream, calls, ({ edge, from }) => trafficAt(system, from, edge.callsPerRequest)).edge;
};

/** A call that users wait for: no worker makes it. One that passes by itself leaves nothing behind. */
export const usersCallPlace = (system: System, stream: string, roles: readonly Role[]): CallEdge =>
  callPlace(system, stream, roles, ["front", "inner"]);

/**
 * The parameters of a fault at a call: its ends `from` and `to`, the caller's `tasks` ("" where it is no ECS service), and
 * the `entry` whose users it reaches most.
 */
export const callDraw = (
  system: System,
  { from, to }: CallEdge,
): Readonly<{ from: string; to: string; tasks: string; entry: string }> => ({
  from,
  to,
  tasks: ecsAt(system, from)?.arn ?? "",
  entry: entryAbove(system, from),
});

/** The same of a fault that hits whoever else makes the call (`from` is ""), unless that would leave dead messages behind. */
export const calleeDraw = (system: System, call: CallEdge): ReturnType<typeof callDraw> => ({
  ...callDraw(system, call),
  from: isAskedByWorkers(system, call.to) ? call.from : "",
});

/** Whether a worker calls it: after an outage its queues are still late for hours, and some messages are dead. */
export const isAskedByWorkers = (system: System, arn: string): boolean =>
  callsTo(system, arn).some(({ from }) => roleOf(system, stateOf(system, from)) === "worker");

const stateOf = (system: System, arn: string): ResourceState => {
  const state = system.states.find((one) => one.arn === arn);
  if (state === undefined) throw new RangeError(`${arn}: the system has no such resource`);
  return state;
};

const roleOf = (system: System, { service }: ResourceState): Role | null => planOf(system, service)?.role ?? null;
