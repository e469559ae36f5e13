import type { MetricRef } from "../../core/alarm.ts";
import { pick } from "../random.ts";
import type { AlarmPlan, SliPlan } from "./blueprint.ts";

/** A one-minute metric under fixed dimensions: `metric(name, stat)`. */
export const metricsUnder =
  (namespace: string, dimensions: Readonly<Record<string, string>>) =>
  (metricName: string, stat: string): MetricRef => ({ namespace, metricName, dimensions, stat, periodSeconds: 60 });

/** M of N: how long an alarm looks before it rings. */
const RULES = [
  [3, 3],
  [3, 5],
  [2, 3],
] as const;

/** An alarm above (or below) a threshold, its M of N drawn. Thresholds keep clear of a healthy day's noise. */
export const alarmOn = (
  name: string,
  description: string,
  metric: MetricRef,
  edge: Readonly<{ above: number } | { below: number }>,
  stream: string,
  missingData: "breaching" | "notBreaching" | "ignore" | "missing" = "missing",
): AlarmPlan => {
  const [datapointsToAlarm, evaluationPeriods] = pick(stream, 0, RULES);
  const isAbove = "above" in edge;
  return {
    kind: "metric",
    name,
    description,
    metric,
    comparison: isAbove ? "above" : "below",
    threshold: isAbove ? edge.above : edge.below,
    band: null,
    evaluationPeriods,
    datapointsToAlarm,
    missingData,
  };
};

/** An anomaly detector's alarm: the metric leaves the band around its usual level of this hour by `width` (0.5 = half). */
export const anomalyOn = (
  name: string,
  description: string,
  metric: MetricRef,
  usual: Readonly<{ level: number; width: number; comparison: "above" | "below" }>,
): AlarmPlan => ({
  kind: "metric",
  name,
  description,
  metric,
  comparison: usual.comparison,
  threshold: usual.level * (usual.comparison === "above" ? 1 + usual.width : 1 - usual.width),
  band: { level: usual.level, width: usual.width },
  evaluationPeriods: 3,
  datapointsToAlarm: 3,
  missingData: "missing",
});

/** An SLI: on which side of the limit users are hurt. `per` divides it, an error count by its requests. */
export const sli = (
  name: string,
  role: SliPlan["role"],
  metric: MetricRef,
  edge: Readonly<{ above: number } | { below: number }>,
  per: MetricRef | null = null,
): SliPlan => ({
  name,
  role,
  metric: { ...metric },
  bad: "above" in edge ? "above" : "below",
  limit: "above" in edge ? edge.above : edge.below,
  ...(per === null ? {} : { per: { ...per } }),
});
