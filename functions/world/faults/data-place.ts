import { pick } from "../random.ts";
import { type EcsService, isEcsService } from "../resources/ecs-deployments.ts";
import { isRdsPrimary, poolsOf, type RdsInstance } from "../resources/rds-state.ts";
import type { System } from "../system.ts";
import { type FaultParameters, numberOf, type Remedy } from "./fault.ts";
import { callsTo, exposureOf, placeOf } from "./place.ts";
import { callsCaused } from "./reach.ts";

/** The services on ECS whose requests come to a resource while they wait for it, directly or through others, nearest first. */
const servicesAbove = (system: System, arn: string): readonly EcsService[] => {
  const reached = new Set([arn]);
  for (const callee of reached)
    for (const { from, isAsync } of callsTo(system, callee)) if (!isAsync) reached.add(from);
  const services = system.states.filter(isEcsService);
  return [...reached].flatMap((one) => services.filter((service) => service.arn === one));
};

/** The nearest service on ECS above a resource; the busiest of the system where none is. Throws where there is none at all. */
export const serviceAbove = (system: System, stream: string, arn: string): EcsService => {
  const [nearest] = servicesAbove(system, arn);
  if (nearest !== undefined) return nearest;
  const services = system.states.filter(isEcsService);
  const busiest = services.toSorted((one, other) => exposureOf(system, other.arn) - exposureOf(system, one.arn));
  return pick(stream, 0, busiest.slice(0, 1));
};

/** Whether messages lead to a resource: what fails there is asked again and again, long after it is well. */
const isBehindQueue = (system: System, arn: string): boolean => {
  const reached = new Set([arn]);
  for (const callee of reached)
    for (const { from, isAsync } of callsTo(system, callee)) {
      if (isAsync) return true;
      reached.add(from);
    }
  return false;
};

type Fit = (state: RdsInstance) => boolean;

/** Calls that one request makes of a resource and waits for, of the entry with users that makes most; retries aside. */
export const reachOf = (system: System, arn: string): number => {
  const entries = system.entries.filter(({ meanPerSecond }) => meanPerSecond > 0);
  return Math.max(0, ...entries.map((entry) => callsCaused(system, entry.arn, arn, { isAsyncIncluded: false })));
};

const FELT = 0.5; // an outage of minutes adds a minute of impact where half of the requests wait for it

/** What outages and cures do where users feel either (the parameter `reach`); elsewhere nobody can tell. */
export const whereFelt = (parameters: FaultParameters, remedies: readonly Remedy[]): readonly Remedy[] =>
  numberOf(parameters, "reach") < FELT ? [] : remedies;

/** A primary on which users depend: at least half as much as on the one that they reach most, and fit where one of these is. */
export const busyPrimary = (system: System, stream: string, isFit: Fit = () => true): RdsInstance => {
  const primaries = system.states.filter(isRdsPrimary).map((state) => ({ state, reach: reachOf(system, state.arn) }));
  const most = Math.max(...primaries.map(({ reach }) => reach));
  const busy = primaries.filter(({ reach }) => reach >= most / 2).map(({ state }) => state);
  const narrowed = [isFit, ({ arn }: RdsInstance) => !isBehindQueue(system, arn)].reduce(
    (left, isWanted) => (left.some(isWanted) ? left.filter(isWanted) : left),
    busy,
  );
  return pick(stream, 0, narrowed);
};

/** The same, below a service on ECS where there is one such. */
export const primaryBelowService = (system: System, stream: string): RdsInstance =>
  busyPrimary(system, stream, ({ arn }) => servicesAbove(system, arn).length > 0);

/**
 * A primary to which callers connect by themselves, with services on ECS among them where there is one such. Throws
 * RangeError where all have proxies.
 */
export const primaryWithPools = (system: System, stream: string): RdsInstance => {
  const isDirect: Fit = ({ proxy }) => proxy === null;
  const hasPools: Fit = (state) => isDirect(state) && poolsOf(system, state.arn).callers.length > 0;
  return placeOf(system, stream, isRdsPrimary, system.states.filter(isRdsPrimary).some(hasPools) ? hasPools : isDirect);
};
