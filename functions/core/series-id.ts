import type { MetricRef } from "./alarm.ts";
import { rememberedLast } from "./remembered.ts";

/** The metric in words: the same metric has the same id in every reading. */
export const seriesId = ({ namespace, metricName, dimensions, stat, periodSeconds }: MetricRef): string =>
  `${namespace}/${metricName}{${wordsOf(dimensions)}} ${stat} ${periodSeconds}s`;

/** Metrics of one resource, read one after the other, share their dimensions. */
const wordsOf = rememberedLast((dimensions: MetricRef["dimensions"]): string => {
  const named = Object.entries(dimensions)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`);
  return named.join(",");
});
