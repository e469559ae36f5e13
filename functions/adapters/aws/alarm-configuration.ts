import { z } from "zod";
import type { AlarmKind, MetricRef } from "../../core/alarm.ts";

/** What an event's `configuration` tells of its alarm. All of it is optional: a damaged part reads as absent. */
export type AlarmConfiguration = Readonly<{
  kind: AlarmKind;
  description: string | null;
  metrics: readonly MetricRef[];
}>;

const metricStat = z.object({
  metric: z.object({
    namespace: z.string().min(1),
    name: z.string().min(1),
    dimensions: z.record(z.string(), z.string()).catch({}),
  }),
  period: z.int().positive(),
  stat: z.string().min(1),
});

const metricQuery = z.object({
  expression: z.string().nullable().catch(null),
  metricStat: metricStat.nullable().catch(null),
});

const configuration = z.object({
  alarmRule: z.string().nullable().catch(null),
  description: z.string().nullable().catch(null),
  metrics: z.array(metricQuery.nullable().catch(null)).catch([]),
});

/** Reads the `configuration` of a state change or a configuration change. Never throws. */
export const readConfiguration = (raw: unknown): AlarmConfiguration => {
  const parsed = configuration.safeParse(raw);
  if (!parsed.success) return { kind: "metric", description: null, metrics: [] };
  const queries = parsed.data.metrics.filter((query) => query !== null);
  return {
    kind: kindOf(
      parsed.data.alarmRule,
      queries.map((query) => query.expression).filter((expression) => expression !== null),
    ),
    description: parsed.data.description,
    metrics: queries.flatMap((query) => (query.metricStat === null ? [] : [metricRef(query.metricStat)])),
  };
};

const kindOf = (alarmRule: string | null, expressions: readonly string[]): AlarmKind => {
  if (alarmRule !== null) return "composite";
  if (expressions.some((expression) => /\bANOMALY_DETECTION_BAND\s*\(/i.test(expression))) return "anomaly";
  return expressions.length > 0 ? "metric-math" : "metric";
};

const metricRef = ({ metric, period, stat }: z.infer<typeof metricStat>): MetricRef => ({
  namespace: metric.namespace,
  metricName: metric.name,
  dimensions: metric.dimensions,
  stat,
  periodSeconds: period,
});
