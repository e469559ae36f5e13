import { pick } from "../random.ts";
import { type AppConfigFlags, isAppConfigFlags } from "../resources/appconfig-deployments.ts";
import { type EcsService, isEcsService } from "../resources/ecs-deployments.ts";
import { type ExternalApi, isExternalApi } from "../resources/external-api.ts";
import type { CallEdge, ResourceState } from "../state.ts";
import type { System } from "../system.ts";
import type { Role, ServicePlan } from "../topology.ts";
import type { FaultParameters, Remedy } from "./fault.ts";
import { callsTo, exposureOf } from "./place.ts";

/** A fault where few requests pass would be noticed by nobody: this share of an entry's, and so many a second. */
const NOTICED = { share: 0.25, perSecond: 3 } as const;

/** One of those that many requests pass; the busiest one where there are none. Throws RangeError on no options. */
const noticed = <T>(stream: string, options: readonly T[], trafficOf: (option: T) => Traffic): T => {
  const all = options.map((option) => ({ option, ...trafficOf(option) }));
  const enough = all.filter(({ share, perSecond }) => share >= NOTICED.share && perSecond >= NOTICED.perSecond);
  const busiest = all.toSorted((one, other) => other.share * other.perSecond - one.share * one.perSecond).slice(0, 1);
  return pick(stream, 0, enough.length > 0 ? enough : busiest).option;
};

type Traffic = Readonly<{ share: number; perSecond: number }>;

const planOf = (system: System, service: string): ServicePlan | undefined =>
  system.topology.services.find(({ name }) => name === service);

const trafficAt = (system: System, { arn, service }: ResourceState, callsPerRequest = 1): Traffic => ({
  share: exposureOf(system, arn) * callsPerRequest,
  perSecond: (planOf(system, service)?.perSecond ?? 0) * callsPerRequest,
});

const stateOf = (system: System, arn: string): ResourceState => {
  const state = system.states.find((one) => one.arn === arn);
  if (state === undefined) throw new RangeError(`${arn}: the system has no such resource`);
  return state;
};

const roleOf = (system: System, { service }: ResourceState): Role | null => planOf(system, service)?.role ?? null;

/** Whether a worker calls it: after an outage its queues are still late for hours, and some messages are dead. */
export const isAskedByWorkers = (system: System, arn: string): boolean =>
  callsTo(system, arn).some(({ from }) => roleOf(system, stateOf(system, from)) === "worker");

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
  return noticed(stream, calls, ({ edge, from }) => trafficAt(system, from, edge.callsPerRequest)).edge;
};

/** A call that users wait for: no worker makes it. One that passes by itself leaves nothing behind. */
export const usersCallPlace = (system: System, stream: string, roles: readonly Role[]): CallEdge =>
  callPlace(system, stream, roles, ["front", "inner"]);

/** A provider that services here call; one that no worker calls where there is one. */
export const providerPlace = (system: System, stream: string): ExternalApi => {
  const all = system.states.filter(isExternalApi);
  const forUsers = all.filter(({ arn }) => !isAskedByWorkers(system, arn));
  return noticed(stream, forUsers.length > 0 ? forUsers : all, (provider) => trafficAt(system, provider));
};

/** The ECS service that calls a resource most; "" where only others do, or none. */
export const ecsCaller = (system: System, arn: string): string =>
  callsTo(system, arn)
    .map(({ from }) => stateOf(system, from))
    .find(isEcsService)?.arn ?? "";

/** An ECS service by its ARN, as the system was built; null where it is something else. */
export const ecsAt = (system: System, arn: string): EcsService | null => {
  const state = system.states.find((one) => one.arn === arn);
  return state !== undefined && isEcsService(state) ? state : null;
};

/** Feature flags, and whose code reads them. */
type Flagged = Readonly<{ flags: AppConfigFlags; user: ResourceState }>;

const flagged = (system: System): readonly Flagged[] =>
  system.states
    .filter(isAppConfigFlags)
    .flatMap((flags) => system.states.filter(({ uses }) => uses.includes(flags.arn)).map((user) => ({ flags, user })));

/** Flags that the code of a busy service reads. */
export const flagsPlace = (system: System, stream: string): Flagged =>
  noticed(stream, flagged(system), ({ user }) => trafficAt(system, user));

/** The flags that the code of a resource reads; null where it reads none. */
export const flagsOf = (system: System, arn: string): AppConfigFlags | null =>
  flagged(system).find(({ user }) => user.arn === arn)?.flags ?? null;

/** What these runbooks do to the resource that the parameter `at` names; none where it is "", and none of those with "". */
export const atIfAny = (
  parameters: FaultParameters,
  at: string,
  does: Readonly<Record<string, Remedy["does"] | "">>,
): readonly Remedy[] =>
  Object.entries(does).flatMap(([runbook, effect]) =>
    effect === "" || parameters[at] === "" ? [] : [{ runbook, at, does: effect }],
  );

/** Another version of the code asks for the same, in the same way. */
export const CODE_IN_VAIN = { "ecs-rollback": "nothing" } as const;

const CLEARLY = 2; // impact-minutes within the hour: twice what counts as harm

/** Share of the worst-hit entry's requests that fail where a resource fails in this share, all retries on the way included. */
const hurtBy = (system: System, arn: string, share: number): number => {
  const failure = new Map<string, number>([[arn, share]]);
  for (const [index, caller] of [...system.order.entries()].reverse()) {
    let succeeds = 1 - (failure.get(caller) ?? 0);
    for (const { edge } of system.calls[index] ?? [])
      if (!edge.isAsync) succeeds *= (1 - (failure.get(edge.to) ?? 0) ** (edge.retries + 1)) ** edge.callsPerRequest;
    failure.set(caller, 1 - succeeds);
  }
  return Math.max(0, ...system.entries.map((entry) => failure.get(entry.arn) ?? 0));
};

/** "harms" as a parameter where users clearly notice that a resource fails in the share `after` instead of `before`, else "". */
export const harmOf = (system: System, arn: string, before: number, after: number): "harms" | "" =>
  60 * (hurtBy(system, arn, after) - hurtBy(system, arn, before)) > CLEARLY ? "harms" : "";

/** What `harmOf` said when the fault was drawn. */
export const harmIn = (parameters: FaultParameters, name: string): "harms" | "" =>
  parameters[name] === "harms" ? "harms" : "";
