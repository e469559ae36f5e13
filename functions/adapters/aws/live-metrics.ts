import type { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import type { MetricRef } from "../../core/alarm.ts";
import type { Series, TellLack } from "../../core/evidence.ts";
import type { Clock, Evidence } from "../../core/ports.ts";
import type { AlarmPlace } from "./alarm-names.ts";
import { type MetricsSpan, readMetrics, unreadMetrics } from "./cloudwatch-metrics.ts";

/** What live metrics are read through. */
export type MetricSources = Readonly<{
  /** In the account and Region of the settings. */
  cloudWatch: CloudWatchClient;
  /** In us-east-1: where global services report, whatever the Region. */
  globalCloudWatch: CloudWatchClient;
  place: Pick<AlarmPlace, "region">;
  clock: Clock;
}>;

/** https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/programming-cloudwatch-metrics.html */
export const GLOBAL_REGION = "us-east-1";
const GLOBAL_NAMESPACES = ["AWS/CloudFront", "AWS/Route53"];

/**
 * Metrics of the account. Those of global services come from us-east-1. When that Region does not answer, those of this one
 * still do: the others are null throughout, and `tell` is told. Throws AwsCallFailed.
 * @param arnOf the resource that a metric's dimensions name, or null
 */
export const liveMetrics =
  (
    { cloudWatch, globalCloudWatch, place, clock }: MetricSources,
    arnOf: (metric: MetricRef) => string | null = () => null,
  ): Evidence["metrics"] =>
  async (metrics, fromMs, toMs, tell) => {
    const span: MetricsSpan = { fromMs, toMs, nowMs: clock.nowMs() };
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
    const there = await readGlobal(globalCloudWatch, elsewhere, span, arnOf, tell);
    const [local, global] = [here.values(), there.values()];
    return metrics.flatMap((metric) => (isElsewhere(metric) ? global : local).next().value ?? []);
  };

const readGlobal = async (
  client: CloudWatchClient,
  metrics: readonly MetricRef[],
  span: MetricsSpan,
  arnOf: (metric: MetricRef) => string | null,
  tell: TellLack | undefined,
): Promise<readonly Series[]> => {
  try {
    return await readMetrics(client, metrics, span, arnOf);
  } catch (error) {
    if (tell === undefined) throw error;
    tell({ kind: "unread", because: `in ${GLOBAL_REGION}: ${error instanceof Error ? error.message : String(error)}` });
    return unreadMetrics(metrics, span, arnOf);
  }
};
