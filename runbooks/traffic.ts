import type { Context } from "../functions/core/context.ts";
import { callers, pointsOf, type Rise, riseOf, seriesOf } from "./facts.ts";

const TRAFFIC_METRICS = ["RequestCount", "NumberOfMessagesSent", "Invocations"];

/** A rise of what users ask of a resource, at the nearest caller that counts it; null where there is none. */
export const trafficRise = (context: Context, arn: string): Rise | null => {
  for (const { arn: caller } of callers(context, arn))
    for (const metricName of TRAFFIC_METRICS) {
      const series = seriesOf(context, caller, metricName);
      if (series === null) continue;
      const rise = riseOf(context, { id: series.id, what: series.metric.metricName }, pointsOf(series, "left-out"), {
        ratio: 1.25,
        floor: 0,
      });
      if (rise !== null) return rise;
    }
  return null;
};
