import type { System } from "../system.ts";

type Reach = Map<string, Float64Array>;

const waitedFor = new WeakMap<System, Reach>();
const asynchronousToo = new WeakMap<System, Reach>();

/**
 * Calls that one request of an entry causes at a resource, retries aside: those that it waits for, and where asked the
 * asynchronous ones too. 0 where it causes none.
 */
export const callsCaused = (
  system: System,
  entry: string,
  arn: string,
  { isAsyncIncluded }: Readonly<{ isAsyncIncluded: boolean }>,
): number => {
  const reaches = isAsyncIncluded ? asynchronousToo : waitedFor;
  const ofSystem = reaches.get(system) ?? new Map<string, Float64Array>();
  const reach = ofSystem.get(entry) ?? walked(system, entry, isAsyncIncluded);
  reaches.set(system, ofSystem.set(entry, reach));
  return reach[system.indexOf[arn] ?? -1] ?? 0;
};

/** By the resources' places in the system's order. */
const walked = (system: System, entry: string, isAsyncIncluded: boolean): Float64Array => {
  const caused = new Float64Array(system.order.length);
  caused[system.indexOf[entry] ?? -1] = 1;
  for (const [index, calls] of system.calls.entries()) {
    const own = caused[index] ?? 0;
    if (own === 0) continue;
    for (const { edge, to } of calls)
      if (isAsyncIncluded || !edge.isAsync) caused[to] = (caused[to] ?? 0) + own * edge.callsPerRequest;
  }
  return caused;
};
