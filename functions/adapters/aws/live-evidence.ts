import type { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import type { Change, Resource } from "../../core/evidence.ts";
import type { Evidence } from "../../core/ports.ts";
import { readAlarmHistory } from "./alarm-history.ts";
import type { AlarmPlace } from "./alarm-names.ts";
import { readAlarms } from "./cloudwatch-alarms.ts";
import { liveMetrics, type MetricSources } from "./live-metrics.ts";
import { LOGS_LIMITS, type LogsLimits, readLogs } from "./logs-insights.ts";
import { resourceOfMetric } from "./metric-resource.ts";

/** What live evidence is read through. */
export type LiveSources = MetricSources &
  Readonly<{
    logs: CloudWatchLogsClient;
    place: AlarmPlace;
    resources: (arns: readonly string[]) => Promise<readonly Resource[]>;
    changes: (arns: readonly string[], fromMs: number, toMs: number) => Promise<readonly Change[]>;
    /** How much a query of logs may cost and take. */
    logsLimits?: LogsLimits;
  }>;

/**
 * Evidence of the account, read anew by each call; nothing is kept but the resources that were read last, for they say which
 * of them a metric's dimensions name. Any call may throw AwsCallFailed.
 */
export const liveEvidence = (sources: LiveSources): Evidence => {
  const { cloudWatch, logs, place, logsLimits = LOGS_LIMITS } = sources;
  let known: readonly Resource[] = [];
  return {
    alarms: (keys) => readAlarms(cloudWatch, place, keys),
    metrics: (...asked) => liveMetrics(sources, resourceOfMetric(known, place))(...asked),
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
