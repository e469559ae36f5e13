import { pick } from "../random.ts";
import { eitherFails } from "../saturation.ts";
import type { ResourceState } from "../state.ts";
import type { System } from "../system.ts";
import type { FaultParameters } from "./fault.ts";

/** Share of what each resource is asked that fails while one fails this share, by their places in the system's order. */
const failuresOf = (system: System, arn: string, errorRate: number): Float64Array => {
  const failure = new Float64Array(system.order.length);
  for (let index = system.order.length - 1; index >= 0; index -= 1) {
    let own = system.order[index] === arn ? errorRate : 0;
    for (const { edge, to } of system.calls[index] ?? [])
      if (!edge.isAsync) {
        const call = (failure[to] ?? 0) ** (edge.retries + 1);
        own = eitherFails(own, 1 - (1 - call) ** edge.callsPerRequest);
      }
    failure[index] = own;
  }
  return failure;
};

/**
 * Share of a user entry's requests that fail while a resource fails this share of what it is asked, retries spent: the
 * most of it, where a cache on the way answers a part of them, and the least, where retries are more than others bear.
 */
export const hurtShare = (system: System, entry: string, arn: string, errorRate: number): number =>
  hurtAt(system, entry, failuresOf(system, arn, errorRate));

const hurtAt = (system: System, entry: string, failures: Float64Array): number =>
  failures[system.indexOf[entry] ?? -1] ?? 0;

/** The entry with users that a failure of a resource hurts most, or null where it hurts none. */
export const hurtEntry = (system: System, arn: string): string | null => {
  const failures = failuresOf(system, arn, 0.5);
  let most: Readonly<{ arn: string; share: number }> | null = null;
  for (const entry of system.entries) {
    const share = entry.meanPerSecond > 0 ? hurtAt(system, entry.arn, failures) : 0;
    if (share > (most?.share ?? 0)) most = { arn: entry.arn, share };
  }
  return most?.arn ?? null;
};

/** The error rate at which a resource hurts this share of an entry's requests, to a hundredth; at most 0.9. */
export const errorRateFor = (system: System, entry: string, arn: string, share: number): number => {
  let rate = 0.01;
  while (rate < 0.9 && hurtShare(system, entry, arn, rate) < share) rate += 0.01;
  return Math.round(rate * 100) / 100;
};

/** Enough for the alarm of an entry, which rings at one failed request in fifty, at any hour and above its noise. */
const RINGS_SHARE = 0.07;

/** A place for a fault, and the entry whose users notice it. */
export type HurtPlace<State extends ResourceState> = Readonly<{ state: State; entry: string }>;

/**
 * A resource of one kind whose users notice when it fails `errorRate` of what it is asked; the one that hurts most where
 * none does. Throws RangeError where none of the kind serves users.
 */
export const placeThatHurts = <State extends ResourceState>(
  system: System,
  stream: string,
  errorRate: number,
  isOne: (resource: ResourceState) => resource is State,
  isFit: (state: State) => boolean = () => true,
): HurtPlace<State> => {
  const places = system.states.filter(isOne).flatMap((state) => {
    const entry = hurtEntry(system, state.arn);
    return entry === null ? [] : [{ state, entry, share: hurtShare(system, entry, state.arn, errorRate) }];
  });
  const fit = places.filter(({ state }) => isFit(state));
  const ringing = fit.filter(({ share }) => share >= RINGS_SHARE);
  const most = (fit.length > 0 ? fit : places).toSorted((one, other) => other.share - one.share).slice(0, 1);
  return pick(stream, 0, ringing.length > 0 ? ringing : most);
};

const CLEARLY = 2; // impact-minutes within the hour: twice what counts as harm

/** "harms" as a parameter where users clearly notice that a resource fails in the share `after` instead of `before`, else "". */
export const harmOf = (system: System, arn: string, before: number, after: number): "harms" | "" => {
  const worst = (errorRate: number): number => {
    const failures = failuresOf(system, arn, errorRate);
    return Math.max(0, ...system.entries.map((entry) => hurtAt(system, entry.arn, failures)));
  };
  return 60 * (worst(after) - worst(before)) > CLEARLY ? "harms" : "";
};

/** What `harmOf` said when the fault was drawn. */
export const harmIn = (parameters: FaultParameters, name: string): "harms" | "" =>
  parameters[name] === "harms" ? "harms" : "";
