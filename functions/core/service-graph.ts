import type { Alarm } from "./alarm.ts";
import type { ServiceSettings, Settings } from "./settings.ts";

/**
 * The service that an alarm speaks of: the one its name is mapped to, else the one of whose SLIs or resources its own
 * time series speaks (a contributor's attributes), else its metrics' dimensions. Null where none fits: such an incident
 * is only ever handed to people.
 */
export const serviceOf = (
  settings: Settings,
  alarm: Pick<Alarm, "alarmName" | "metrics" | "attributes">,
): ServiceSettings | null => {
  const named = settings.alarms[alarm.alarmName];
  const byName = settings.services.find((service) => service.name === named);
  return (
    byName ??
    ownerOf(settings, Object.values(alarm.attributes)) ??
    ownerOf(
      settings,
      alarm.metrics.flatMap((metric) => Object.values(metric.dimensions)),
    )
  );
};

/** The first service one of whose resources or SLIs is named by one of these values of dimensions. */
const ownerOf = (settings: Settings, values: readonly string[]): ServiceSettings | null => {
  const named = new Set(values);
  const owns = (service: ServiceSettings): boolean =>
    service.resources.some((arn) => named.has(arn.split(/[:/]/).at(-1) ?? "")) ||
    service.slis.some((sli) => Object.values(sli.metric.dimensions).some((value) => named.has(value)));
  return settings.services.find(owns) ?? null;
};

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
