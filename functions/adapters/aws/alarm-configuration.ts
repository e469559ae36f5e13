import { z } from "zod";
import type { MetricRef } from "../../core/alarm.ts";
import { text } from "./alarm-fields.ts";
import { dimensions, kindOf, periodSeconds, statistic, type Watched } from "./alarm-metrics.ts";

/** What an event's `configuration` tells of its alarm. All of it is optional: a damaged part reads as absent. */
export type AlarmConfiguration = Watched & Readonly<{ description: string | null }>;

const metricStat = z.object({
  metric: z.object({ namespace: z.string().min(1), name: z.string().min(1), dimensions }),
  period: periodSeconds,
  stat: statistic,
});

const metricQuery = z.object({ expression: text, metricStat: metricStat.nullable().catch(null) });

const configuration = z.object({
  alarmRule: text,
  description: text,
  metrics: z.array(metricQuery.nullable().catch(null)).catch([]),
  // PutMetricAlarm's EvaluationCriteria holds a PromQL query, PutLogAlarm's ScheduledQueryConfiguration one over logs.
  evaluationCriteria: z.looseObject({}).nullable().catch(null),
  scheduledQueryConfiguration: z.looseObject({}).nullable().catch(null),
});

/** Reads the `configuration` of a state change or a configuration change. Never throws. */
export const readConfiguration = (raw: unknown): AlarmConfiguration => {
  const parsed = configuration.safeParse(raw);
  if (!parsed.success) return { kind: "metric", description: null, metrics: [] };
  const { alarmRule, description, metrics, evaluationCriteria, scheduledQueryConfiguration } = parsed.data;
  return {
    kind: kindOf({
      alarmRule,
      expressions: metrics.flatMap((query) => query?.expression ?? []),
      queries: evaluationCriteria !== null || scheduledQueryConfiguration !== null,
    }),
    description,
    metrics: metrics.flatMap((query) => (query?.metricStat ? [metricRef(query.metricStat)] : [])),
  };
};

const metricRef = ({ metric, period, stat }: z.infer<typeof metricStat>): MetricRef => ({
  namespace: metric.namespace,
  metricName: metric.name,
  dimensions: metric.dimensions,
  stat,
  periodSeconds: period,
});
