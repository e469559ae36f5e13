import type { MetricRef } from "./alarm.ts";
import { joined } from "./feature.ts";
import { familyOf, METRIC_FAMILIES, type MetricFamily } from "./metric-family.ts";

/**
 * What kind of trouble an incident is, by the metric that rings: the first that is more than the traffic under a share.
 * Null where no alarm watches a listed metric.
 */
export const alarmClassOf = (alarmMetrics: readonly MetricRef[]): MetricFamily | null => {
  const families = alarmMetrics.flatMap((metric) => familyOf(metric)?.family ?? []);
  return families.find((family) => family !== "traffic") ?? families[0] ?? null;
};

/** The name of the flag that stands for an alarm class in a state vector. */
export const alarmFlag = (family: MetricFamily): string => joined("alarm", family);

/** The alarm class that a state vector says, by its flags; null where none is set. */
export const alarmClassIn = (names: readonly string[], state: readonly number[]): MetricFamily | null =>
  METRIC_FAMILIES.find((family) => state[names.indexOf(alarmFlag(family))] === 1) ?? null;
