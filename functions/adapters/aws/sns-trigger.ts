import { z } from "zod";
import type { MetricRef } from "../../core/alarm.ts";
import { text } from "./alarm-fields.ts";
import { dimensions, periodSeconds, statistic } from "./alarm-metrics.ts";
import type { Evaluation } from "./reason-data.ts";

/** What a notification's `Trigger` tells of its alarm. All of it is optional: a damaged part reads as absent. */
export type Trigger = Readonly<{
  expressions: readonly string[];
  /** True where it watches a PromQL query. */
  queries: boolean;
  metrics: readonly MetricRef[];
  evaluation: Evaluation;
}>;

const named = { MetricName: z.string().min(1), Namespace: z.string().min(1), Dimensions: dimensions };
const perhaps = statistic.nullable().catch(null);
/** One metric, written into the trigger itself. */
const single = z.object({ ...named, Period: periodSeconds, Statistic: perhaps, ExtendedStatistic: perhaps });
/** One of several metrics and expressions. */
const query = z.object({
  Expression: text,
  MetricStat: z
    .object({ Metric: z.object(named), Period: periodSeconds, Stat: statistic })
    .nullable()
    .catch(null),
});

const trigger = z.object({
  Metrics: z.array(query.nullable().catch(null)).catch([]),
  Threshold: z.number().nullable().catch(null),
  /** Named where a band is the threshold: `Threshold` then holds a filler. */
  ThresholdMetricId: text,
  Period: periodSeconds.nullable().catch(null),
  EvaluationPeriods: z.int().positive().nullable().catch(null),
  ComparisonOperator: z.string().catch(""),
  EvaluationCriteria: z.looseObject({}).nullable().catch(null),
});

const NOTHING = trigger.parse({});

/** Reads a `Trigger`; a composite alarm has none. Never throws. */
export const readTrigger = (raw: unknown): Trigger => {
  const parsed = trigger.safeParse(raw).data ?? NOTHING;
  return {
    expressions: parsed.Metrics.flatMap((each) => each?.Expression ?? []),
    queries: parsed.EvaluationCriteria !== null,
    metrics: [
      ...singleMetric(raw),
      ...parsed.Metrics.flatMap((each) => {
        const stat = each?.MetricStat ?? null;
        return stat === null ? [] : [metricRef(stat.Metric, stat.Stat, stat.Period)];
      }),
    ],
    evaluation: {
      threshold: parsed.ThresholdMetricId === null ? parsed.Threshold : null,
      periodSeconds: parsed.Period,
      evaluationPeriods: parsed.EvaluationPeriods,
      breaches: sideOf(parsed.ComparisonOperator),
    },
  };
};

const singleMetric = (raw: unknown): readonly MetricRef[] => {
  const one = single.safeParse(raw);
  const stat = one.data?.Statistic ?? one.data?.ExtendedStatistic ?? null;
  return one.success && stat !== null ? [metricRef(one.data, stat, one.data.Period)] : [];
};

const sideOf = (operator: string): Evaluation["breaches"] => {
  if (/^GreaterThan/.test(operator)) return "above";
  return /^LessThan(?!Lower)/.test(operator) ? "below" : null;
};

type Named = Readonly<{ MetricName: string; Namespace: string; Dimensions: MetricRef["dimensions"] }>;

const metricRef = ({ MetricName, Namespace, Dimensions }: Named, stat: string, period: number): MetricRef => ({
  namespace: Namespace,
  metricName: MetricName,
  dimensions: Dimensions,
  stat,
  periodSeconds: period,
});
