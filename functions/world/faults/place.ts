import { pick } from "../random.ts";
import type { CallEdge, ResourceState } from "../state.ts";
import type { System } from "../system.ts";
import { callsCaused } from "./reach.ts";

/** Calls that one request causes at a resource, of the entry that causes most, asynchronous ones included; 0 where none does. */
export const exposureOf = (system: System, arn: string): number =>
  Math.max(0, ...system.entries.map((entry) => callsCaused(system, entry.arn, arn, { isAsyncIncluded: true })));

/** Calls of one request of an entry: a fault where fewer pass would be noticed by nobody. */
const ENOUGH_CALLS = 0.25;

/**
 * A resource of one kind for a fault to happen at, among those that at least a quarter of some entry's requests reach;
 * the most exposed one where there are none. Throws RangeError where the system has none of the kind.
 */
export const placeOf = <State extends ResourceState>(
  system: System,
  stream: string,
  isOne: (resource: ResourceState) => resource is State,
  isFit: (state: State) => boolean = () => true,
): State => {
  const all = system.states.filter(isOne).filter(isFit);
  const exposed = all.filter(({ arn }) => exposureOf(system, arn) >= ENOUGH_CALLS);
  const most = all.toSorted((one, other) => exposureOf(system, other.arn) - exposureOf(system, one.arn)).slice(0, 1);
  return pick(stream, 0, exposed.length > 0 ? exposed : most);
};

/** The calls that lead to a resource from others, busiest callers first. */
export const callsTo = (system: System, arn: string): readonly CallEdge[] => {
  const reach = (edge: CallEdge): number => exposureOf(system, edge.from) * edge.callsPerRequest;
  return system.edges.filter((edge) => edge.to === arn).toSorted((one, other) => reach(other) - reach(one));
};

/** The entry whose requests reach a resource most. Throws RangeError where none does. */
export const entryAbove = (system: System, arn: string): string => {
  const [most] = system.entries
    .map((entry) => ({ arn: entry.arn, calls: callsCaused(system, entry.arn, arn, { isAsyncIncluded: true }) }))
    .toSorted((one, other) => other.calls - one.calls);
  if (most === undefined || most.calls === 0) throw new RangeError(`${arn}: no request reaches it`);
  return most.arn;
};
