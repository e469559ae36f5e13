import { pick } from "../random.ts";
import type { CallEdge, ResourceState } from "../state.ts";
import type { System } from "../system.ts";

const reaches = new WeakMap<System, ReadonlyMap<string, Float64Array>>();

/** Calls that one request of each entry causes at each resource (by its place), asynchronous ones included, retries aside. */
const reachOf = (system: System): ReadonlyMap<string, Float64Array> => {
  const known = reaches.get(system);
  if (known !== undefined) return known;
  const made = new Map(system.entries.map(({ arn }) => [arn, callsCausedBy(system, system.indexOf[arn] ?? 0)]));
  reaches.set(system, made);
  return made;
};

const callsCausedBy = (system: System, entry: number): Float64Array => {
  const caused = new Float64Array(system.order.length);
  caused[entry] = 1;
  for (const [index, calls] of system.calls.entries()) {
    const own = caused[index] ?? 0;
    if (own === 0) continue;
    for (const { edge, to } of calls) caused[to] = (caused[to] ?? 0) + own * edge.callsPerRequest;
  }
  return caused;
};

/** Calls that one request causes at a resource, of the entry that causes most, asynchronous ones included; 0 where none does. */
export const exposureOf = (system: System, arn: string): number => {
  const index = system.indexOf[arn];
  return index === undefined ? 0 : Math.max(0, ...[...reachOf(system).values()].map((caused) => caused[index] ?? 0));
};

/** A fault where few requests pass would be noticed by nobody. */
const NOTICED = 0.25;

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
  const noticed = all.filter(({ arn }) => exposureOf(system, arn) >= NOTICED);
  const most = all.toSorted((one, other) => exposureOf(system, other.arn) - exposureOf(system, one.arn)).slice(0, 1);
  return pick(stream, 0, noticed.length > 0 ? noticed : most);
};

/** The calls that lead to a resource from others, busiest callers first. */
export const callsTo = (system: System, arn: string): readonly CallEdge[] => {
  const reach = (edge: CallEdge): number => exposureOf(system, edge.from) * edge.callsPerRequest;
  return system.edges.filter((edge) => edge.to === arn).toSorted((one, other) => reach(other) - reach(one));
};

/** The entry whose requests reach a resource most. Throws RangeError where none does. */
export const entryAbove = (system: System, arn: string): string => {
  const index = system.indexOf[arn] ?? -1;
  const [most] = [...reachOf(system)].toSorted(([, one], [, other]) => (other[index] ?? 0) - (one[index] ?? 0));
  if (most === undefined || (most[1][index] ?? 0) === 0) throw new RangeError(`${arn}: no request reaches it`);
  return most[0];
};
