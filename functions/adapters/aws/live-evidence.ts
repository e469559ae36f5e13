import type { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import type { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import type { MetricRef } from "../../core/alarm.ts";
import type { Change, Resource, Series, TellLack } from "../../core/evidence.ts";
import type { Clock, Evidence } from "../../core/ports.ts";
import { readAlarmHistory } from "./alarm-history.ts";
import type { AlarmPlace } from "./alarm-names.ts";
import { readAlarms } from "./cloudwatch-alarms.ts";
import { type MetricsSpan, readMetrics, unreadMetrics } from "./cloudwatch-metrics.ts";
import { LOGS_LIMITS, type LogsLimits, readLogs } from "./logs-insights.ts";
import { resourceOfMetric } from "./metric-resource.ts";

/** What live evidence is read through. */
export type LiveSources = Readonly<{
  /** In the account and Region of the settings. */
  cloudWatch: CloudWatchClient;
  /** In us-east-1: where global services report, whatever the Region. */
  globalCloudWatch: CloudWatchClient;
  logs: CloudWatchLogsClient;
  place: AlarmPlace;
  clock: Clock;
  resources: (arns: readonly string[]) => Promise<readonly Resource[]>;
  changes: (arns: readonly string[], fromMs: number, toMs: number) => Promise<readonly Change[]>;
  /** How much a query of logs may cost and take. */
  logsLimits?: LogsLimits;
}>;

/** https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/programming-cloudwatch-metrics.html */
const GLOBAL_REGION = "us-east-1";
const GLOBAL_NAMESPACES = ["AWS/CloudFront", "AWS/Route53"];

/**
 * Evidence of the account, read anew by each call; nothing is kept but the resources that were read last, for they say which
 * of them a metric's dimensions name. Any call may throw AwsCallFailed.
 */
export const liveEvidence = (sources: LiveSources): Evidence => {
  const { cloudWatch, logs, place, clock, logsLimits = LOGS_LIMITS } = sources;
  let known: readonly Resource[] = [];
  return {
    alarms: (keys) => readAlarms(cloudWatch, place, keys),
    metrics: (metrics, fromMs, toMs, tell) =>
      metricsOf(sources, metrics, { fromMs, toMs, nowMs: clock.nowMs() }, resourceOfMetric(known, place), tell),
    logs: (logGroups, fromMs, toMs, tell) => readLogs(logs, { logGroups, fromMs, toMs }, logsLimits, tell),
    changes: sources.changes,
    resources: async (arns) => {
      known = [];
      known = await sources.resources(arns);
      return known;
    },
    history: (key, fromMs, toMs) => readAlarmHistory(cloudWatch, place, key, fromMs, toMs),
  };
};

/**
 * Metrics of global services come from us-east-1. When that Region does not answer, those of this one still do: the others are
 * null throughout, and `tell` is told.
 */
const metricsOf = async (
  { cloudWatch, globalCloudWatch, place }: LiveSources,
  metrics: readonly MetricRef[],
  span: MetricsSpan,
  arnOf: (metric: MetricRef) => string | null,
  tell: TellLack | undefined,
): Promise<readonly Series[]> => {
  const isElsewhere = ({ namespace }: MetricRef): boolean =>
    place.region !== GLOBAL_REGION && GLOBAL_NAMESPACES.includes(namespace);
  const elsewhere = metrics.filter(isElsewhere);
  if (elsewhere.length === 0) return readMetrics(cloudWatch, metrics, span, arnOf);
  const here = await readMetrics(
    cloudWatch,
    metrics.filter((metric) => !isElsewhere(metric)),
    span,
    arnOf,
  );
  let there: readonly Series[];
  try {
    there = await readMetrics(globalCloudWatch, elsewhere, span, arnOf);
  } catch (error) {
    if (tell === undefined) throw error;
    tell({ kind: "unread", because: `in ${GLOBAL_REGION}: ${error instanceof Error ? error.message : String(error)}` });
    there = unreadMetrics(elsewhere, span, arnOf);
  }
  const [local, global] = [here.values(), there.values()];
  return metrics.flatMap((metric) => (isElsewhere(metric) ? global : local).next().value ?? []);
};
