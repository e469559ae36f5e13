import { z } from "zod";
import type { AlarmKind, MetricRef } from "../../core/alarm.ts";

const STATISTICS = ["Average", "Sum", "Minimum", "Maximum", "SampleCount"];

/** A statistic in CloudWatch's own word: notifications write AVERAGE and SAMPLE_COUNT. `p99` and the like stay. */
export const statistic = z
  .string()
  .min(1)
  .transform((word) => STATISTICS.find((known) => known.toLowerCase() === word.replace("_", "").toLowerCase()) ?? word);

const named = z.record(z.string(), z.string());
const pairs = z.array(z.object({ name: z.string(), value: z.string() }));

/** Dimensions as an object or as a list of pairs. Damaged ones are an error: they would name another metric. */
export const dimensions = z
  .union([
    named,
    pairs.transform((list) => Object.fromEntries(list.map(({ name, value }) => [name, value]))).pipe(named),
  ])
  .nullish()
  .transform((read) => read ?? {});

export const periodSeconds = z.int().positive();

/** What tells the kinds of alarm apart, however the payload spells it. */
export type Watches = Readonly<{
  /** Of a composite alarm, else null. */
  alarmRule: string | null;
  expressions: readonly string[];
  /** True where a query is named that is not among the expressions: PromQL, or one over logs. */
  queries: boolean;
}>;

/** The kind of an alarm, by what it watches. */
export const kindOf = ({ alarmRule, expressions, queries }: Watches): AlarmKind => {
  if (alarmRule !== null && alarmRule !== "") return "composite";
  if (expressions.some((expression) => /\bANOMALY_DETECTION_BAND\s*\(/i.test(expression))) return "anomaly";
  if (queries || expressions.some((expression) => /^\s*SELECT\b/i.test(expression))) return "query";
  return expressions.length > 0 ? "metric-math" : "metric";
};

/** What a payload tells of what its alarm watches. */
export type Watched = Readonly<{ kind: AlarmKind; metrics: readonly MetricRef[] }>;
