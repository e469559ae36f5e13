import { pick } from "../random.ts";
import type { ResourceState } from "../state.ts";
import type { System } from "../system.ts";
import type { ServicePlan } from "../topology.ts";
import { exposureOf } from "./place.ts";

/** What passes a place: the share of an entry's requests, and how many a second. */
export type Traffic = Readonly<{ share: number; perSecond: number }>;

/** A fault where less than this passes would be noticed by nobody. */
const BUSY: Traffic = { share: 0.25, perSecond: 3 };

/** One of the options that are busy; the busiest one where none is. Throws RangeError on no options. */
export const busyOne = <T>(stream: string, options: readonly T[], trafficOf: (option: T) => Traffic): T => {
  const all = options.map((option) => ({ option, ...trafficOf(option) }));
  const busy = all.filter(({ share, perSecond }) => share >= BUSY.share && perSecond >= BUSY.perSecond);
  const busiest = all.toSorted((one, other) => other.share * other.perSecond - one.share * one.perSecond).slice(0, 1);
  return pick(stream, 0, busy.length > 0 ? busy : busiest).option;
};

/** What passes a resource, each request so many times. */
export const trafficAt = (system: System, { arn, service }: ResourceState, callsPerRequest = 1): Traffic => ({
  share: exposureOf(system, arn) * callsPerRequest,
  perSecond: (planOf(system, service)?.perSecond ?? 0) * callsPerRequest,
});

/** What was drawn of a service; undefined where the system has none of this name. */
export const planOf = (system: System, service: string): ServicePlan | undefined =>
  system.topology.services.find(({ name }) => name === service);
