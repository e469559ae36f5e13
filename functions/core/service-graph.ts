import type { Alarm } from "./alarm.ts";
import type { ServiceSettings, Settings } from "./settings.ts";

/**
 * The service that an alarm speaks of: the one its name is mapped to, else the one of whose SLIs or resources its
 * metrics' dimensions speak. Null where none fits: such an incident is only ever handed to people.
 */
export const serviceOf = (settings: Settings, alarm: Pick<Alarm, "alarmName" | "metrics">): ServiceSettings | null => {
  const named = settings.alarms[alarm.alarmName];
  const byName = settings.services.find((service) => service.name === named);
  if (byName !== undefined) return byName;
  const values = new Set(alarm.metrics.flatMap((metric) => Object.values(metric.dimensions)));
  const owns = (service: ServiceSettings): boolean =>
    service.resources.some((arn) => values.has(arn.split(/[:/]/).at(-1) ?? "")) ||
    service.slis.some((sli) => Object.values(sli.metric.dimensions).some((value) => values.has(value)));
  return settings.services.find(owns) ?? null;
};

const reach = (settings: Settings, name: string): ReadonlySet<string> => {
  const reached = new Set<string>();
  const queue = [name];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    if (reached.has(next)) continue;
    reached.add(next);
    queue.push(...(settings.services.find((service) => service.name === next)?.dependsOn ?? []));
  }
  return reached;
};

/** Services that share a dependency with this one, itself included: one cause may ring the alarms of all of them. */
export const relatedServices = (settings: Settings, name: string): readonly string[] => {
  const mine = reach(settings, name);
  return settings.services
    .map((service) => service.name)
    .filter((other) => [...reach(settings, other)].some((one) => mine.has(one)));
};
