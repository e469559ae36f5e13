import type { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { resourceOfMetric } from "../adapters/aws/metric-resource.ts";
import { resourceBehind, trafficOf } from "../adapters/recorded/namespaces.ts";
import type { Alarm, MetricRef } from "../core/alarm.ts";
import type { Change, Resource, Series } from "../core/evidence.ts";
import { servicesReached } from "../core/gather.ts";
import { seriesId } from "../core/series-id.ts";
import type { ServiceSettings, Settings } from "../core/settings.ts";
import { standardMetrics } from "../core/standard-metrics.ts";
import type { PastEpisode } from "./shadow-episodes.ts";
import type { Past } from "./shadow-evidence.ts";

/** What is read of the past beside the alarms: each says why where it cannot. */
export type PastSources = Readonly<{
  cloudWatch: CloudWatchClient;
  /** The graph of these resources as it is today; of what ran before, what was known at `atMs`. */
  resources: (arns: readonly string[], atMs: number) => Promise<readonly Resource[] | string>;
  changes: (arns: readonly string[], fromMs: number, toMs: number) => Promise<readonly Change[] | string>;
  nowMs: number;
}>;

/** What was read, how many metrics that was, and how many of them CloudWatch keeps more coarsely than they are watched. */
export type ReadPast = Readonly<{ past: Past; metricsRead: number; coarse: number }>;

const MOST_SERIES = 200;
const CHANGES_MS = 4 * 3_600_000;
const LOGS = "log lines of the past are not read back: a query bills by the gigabyte it scans";

/** Reads all that a decision about this episode could have seen, until `endsAtMs`. Throws AwsCallFailed. */
export const readPast = async (
  sources: PastSources,
  episode: PastEpisode,
  alarm: Alarm,
  of: Readonly<{ settings: Settings; service: ServiceSettings }> | null,
  endsAtMs: number,
): Promise<ReadPast> => {
  const { cloudWatch, nowMs } = sources;
  const services = of === null ? [] : servicesReached(of.settings, of.service.name);
  const fromMs = alarm.changedAtMs - (of?.settings.lookBackSeconds ?? 3600) * 1000;
  const named = namedBy(alarm);
  const resources =
    services.length > 0
      ? await sources.resources(
          services.flatMap((one) => one.resources),
          alarm.changedAtMs,
        )
      : named;
  const known = typeof resources === "string" ? [] : resources;
  const wanted = [
    ...alarm.metrics,
    ...services.flatMap(({ slis }) =>
      slis.flatMap(({ metric, per }) => (per === undefined ? [metric] : [metric, per])),
    ),
    ...known.flatMap(standardMetrics),
    ...(of === null ? besides(alarm) : []),
  ];
  const distinct = [...new Map(wanted.map((metric) => [seriesId(metric), metric])).values()].slice(0, MOST_SERIES);
  const asked = distinct.map((metric) => ({ metric, kept: keptAs(metric, fromMs, nowMs) }));
  const { readMetrics } = await import("../adapters/aws/cloudwatch-metrics.ts");
  const read = await readMetrics(
    cloudWatch,
    asked.map(({ kept }) => kept),
    { fromMs, toMs: endsAtMs, nowMs },
    resourceOfMetric(known, alarm),
  );
  const series = new Map(
    read.map((one, index): [string, Series] => [seriesId(asked[index]?.metric ?? one.metric), one]),
  );
  return {
    past: {
      key: alarm.key,
      periodSeconds: episode.alarm.periodSeconds,
      evaluationPeriods: episode.alarm.evaluationPeriods,
      transitions: episode.transitions,
      series,
      logs: LOGS,
      changes: await sources.changes(
        known.map(({ arn }) => arn),
        alarm.changedAtMs - CHANGES_MS,
        endsAtMs,
      ),
      resources,
    },
    metricsRead: asked.length,
    coarse: asked.filter(({ metric, kept }) => kept.periodSeconds > metric.periodSeconds).length,
  };
};

const DAY_MS = 86_400_000;
/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html#metrics-retention */
const KEPT = [
  { periodSeconds: 1, forMs: 3 * 3_600_000 },
  { periodSeconds: 60, forMs: 15 * DAY_MS },
  { periodSeconds: 300, forMs: 63 * DAY_MS },
  { periodSeconds: 3600, forMs: 455 * DAY_MS },
];

/** The metric in the finest period that CloudWatch still keeps of that time. */
const keptAs = (metric: MetricRef, fromMs: number, nowMs: number): MetricRef => {
  const finest = KEPT.find(({ forMs }) => nowMs - fromMs <= forMs)?.periodSeconds ?? 3600;
  const periodSeconds = Math.ceil(Math.max(metric.periodSeconds, finest) / finest) * finest;
  return { ...metric, periodSeconds };
};

/** The resources that the alarm's own metrics name; all that is known of them is their ARN. */
const namedBy = (alarm: Alarm): readonly Resource[] => {
  const named = alarm.metrics.flatMap((metric) => resourceBehind(metric, alarm) ?? []);
  return [...new Map(named.map((one) => [one.arn, one])).values()].map((one) => ({
    ...one,
    ...{ service: one.name, zones: 1, tags: {}, dependsOn: [], attributes: {} },
  }));
};

/** What tells of traffic beside an alarm's metric: what its namespace is known for, and the samples behind the metric. */
const besides = ({ metrics }: Alarm): readonly MetricRef[] =>
  metrics.flatMap((metric) => [
    ...trafficOf(metric.namespace).map((one) => ({ ...metric, ...one })),
    { ...metric, stat: "SampleCount" },
  ]);
