import type { Alarm, MetricRef } from "./alarm.ts";
import type { ServiceSettings, Settings } from "./settings.ts";

/**
 * The service that an alarm speaks of: the one its name is mapped to, else the one that its own time series fits best (a
 * contributor's attributes), else its metrics. Null where none fits, or two fit equally well: such an incident is only
 * ever handed to people.
 */
export const serviceOf = (
  settings: Settings,
  alarm: Pick<Alarm, "alarmName" | "metrics" | "attributes">,
): ServiceSettings | null => {
  const named = settings.alarms[alarm.alarmName];
  const byName = settings.services.find((service) => service.name === named);
  if (byName !== undefined) return byName;
  const watched = alarm.metrics.map(({ dimensions }) => dimensions);
  const own = bestFits(settings, [alarm.attributes]);
  const fits = own.length > 0 ? own : bestFits(settings, watched);
  return fits.length === 1 ? (fits[0] ?? null) : null;
};

type Dimensions = MetricRef["dimensions"];

/** The services that the most pairs of one of these sets of dimensions speak of; none where no pair does. */
const bestFits = (settings: Settings, sets: readonly Dimensions[]): readonly ServiceSettings[] => {
  const fits = settings.services.map((service) => ({ service, pairs: Math.max(0, ...sets.map(pairsOf(service))) }));
  const most = Math.max(1, ...fits.map(({ pairs }) => pairs));
  return fits.filter(({ pairs }) => pairs === most).map(({ service }) => service);
};

/** How many pairs speak of a service: all those of one of its SLIs, or those that one of its resources is named by. */
const pairsOf =
  (service: ServiceSettings) =>
  (dimensions: Dimensions): number =>
    Math.max(
      0,
      ...service.slis.map(({ metric }) => {
        const pairs = Object.entries(metric.dimensions);
        return pairs.every(([name, value]) => dimensions[name] === value) ? pairs.length : 0;
      }),
      ...service.resources.map((arn) => (isNamed(arn, dimensions) ? partsNamed(arn, dimensions) : 0)),
    );

/** Dimensions that say where a thing is, not which thing it is, unless no other one says it. */
const PLACES = ["ClusterName", "LoadBalancer", "AvailabilityZone"];

/** Whether a resource's own name, the end of its ARN, is the value of a dimension that says which thing it is. */
const isNamed = (arn: string, dimensions: Dimensions): boolean => {
  const names = Object.keys(dimensions);
  const telling = names.filter((name) => !PLACES.includes(name));
  return (telling.length > 0 ? telling : names).some((name) => endsWith(arn, dimensions[name] ?? ""));
};

const endsWith = (arn: string, value: string): boolean =>
  value !== "" && (arn === value || arn.endsWith(`:${value}`) || arn.endsWith(`/${value}`));

/** A service's ARN also names its cluster: of two services of one name, the one in the alarm's own cluster fits better. */
const partsNamed = (arn: string, dimensions: Dimensions): number =>
  Object.values(dimensions).filter((value) => endsWith(arn, value) || arn.split(/[:/]/).includes(value)).length;

/** Everything that can be come to from these names along the edges, themselves included. */
const reach = (edges: ReadonlyMap<string, readonly string[]>, names: Iterable<string>): ReadonlySet<string> => {
  const reached = new Set(names);
  // A Set's iteration also visits what is added on the way.
  for (const name of reached) for (const next of edges.get(name) ?? []) reached.add(next);
  return reached;
};

/** Services that share a dependency with this one, itself included: one cause may ring the alarms of all of them. */
export const relatedServices = (settings: Settings, name: string): readonly string[] => {
  const callees = new Map(settings.services.map((service) => [service.name, service.dependsOn] as const));
  const callers = new Map<string, string[]>();
  for (const service of settings.services)
    for (const callee of service.dependsOn) callers.set(callee, [...(callers.get(callee) ?? []), service.name]);
  const related = reach(callers, reach(callees, [name]));
  return settings.services.map((service) => service.name).filter((other) => related.has(other));
};

/**
 * Services whose open incident may take in an alarm of this one: those that share a dependency with it. Never one that is
 * only observed where this one is not: nobody would be paged for its alarm.
 */
export const joinableServices = (settings: Settings, name: string): readonly string[] =>
  relatedServices(settings, name).filter((other) => isObserved(settings, name) || !isObserved(settings, other));

/** Whether nobody is paged for a service. Alarms of no known one are treated as the settings say by default. */
export const isObserved = ({ services, mode }: Settings, serviceName: string): boolean =>
  (services.find(({ name }) => name === serviceName)?.mode ?? mode) === "observe";
