import { type CloudWatchClient, type MetricDataResult, paginateGetMetricData } from "@aws-sdk/client-cloudwatch";
import type { MetricRef } from "../../core/alarm.ts";
import type { Series } from "../../core/evidence.ts";
import { seriesId } from "../../core/series-id.ts";
import { AwsCallFailed, callAws } from "./call.ts";

/** What is read of metrics: the periods within [fromMs, toMs) that have closed and settled at `nowMs`. */
export type MetricsSpan = Readonly<{ fromMs: number; toMs: number; nowMs: number }>;

const ACTION = "cloudwatch:GetMetricData";
/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html */
const MOST_QUERIES = 500;
const MINUTE_MS = 60_000;
/**
 * A period is read this long after it closed: services report late, and until they have, a count is too low. The simulated
 * cloud does the same.
 */
const SETTLE_MS = 60_000;

/**
 * One series for each metric, in their order; `fromMs` is rounded down to a period of the metric. A period without a
 * datapoint is null, and so is every period of a metric that cannot exist, for one of its dimensions has no value.
 *
 * Core reads no datapoint of a count as zero. So what CloudWatch did not answer never becomes null: it is asked for once
 * more, and then the whole reading fails.
 * @param arnOf the resource that a metric's dimensions name, or null
 * @throws AwsCallFailed
 */
export const readMetrics = async (
  client: CloudWatchClient,
  metrics: readonly MetricRef[],
  span: MetricsSpan,
  arnOf: (metric: MetricRef) => string | null,
): Promise<readonly Series[]> => {
  const asked = metrics.map((metric, index) => askedOf(metric, `m${index}`, span));
  const values = new Map<string, Values>();
  for (const batch of batchesOf(asked.filter(isAskable))) await read(client, batch, values);
  return asked.map((one) => seriesOf(one, values.get(one.id), arnOf));
};

/** The same series where nothing could be read: null throughout. Whoever takes them must say so. */
export const unreadMetrics = (
  metrics: readonly MetricRef[],
  span: MetricsSpan,
  arnOf: (metric: MetricRef) => string | null,
): readonly Series[] => metrics.map((metric) => seriesOf(askedOf(metric, "", span), undefined, arnOf));

/** A metric, the id of its query, and the periods that it is asked for. */
type Asked = Readonly<{ id: string; metric: MetricRef; startMs: number; periods: number }>;
/** By the period's number from the first. */
type Values = Map<number, number>;

const askedOf = (metric: MetricRef, id: string, { fromMs, toMs, nowMs }: MetricsSpan): Asked => {
  const periodMs = metric.periodSeconds * 1000;
  const startMs = Math.floor(fromMs / periodMs) * periodMs;
  const untilMs = Math.min(toMs, Math.floor((nowMs - SETTLE_MS) / MINUTE_MS) * MINUTE_MS);
  return { id, metric, startMs, periods: Math.max(0, Math.floor((untilMs - startMs) / periodMs)) };
};

const seriesOf = (
  { metric, startMs, periods }: Asked,
  values: Values | undefined,
  arnOf: (metric: MetricRef) => string | null,
): Series => ({
  id: seriesId(metric),
  metric,
  arn: arnOf(metric),
  fromMs: startMs,
  periodSeconds: metric.periodSeconds,
  values: Array.from({ length: periods }, (_, period) => values?.get(period) ?? null),
});

/** A resource that lacks what a standard metric is named by has no such metric; CloudWatch would refuse all of the request. */
const isAskable = ({ metric, periods }: Asked): boolean =>
  periods > 0 && Object.values(metric.dimensions).every((value) => value !== "");

type Batch = Readonly<{ startMs: number; endMs: number; asked: readonly Asked[] }>;

/** Requests of one period each: an emulator, and CloudWatch for some periods, count from the request's start. */
const batchesOf = (asked: readonly Asked[]): readonly Batch[] => {
  const byPeriod = new Map<number, Asked[]>();
  for (const one of asked) {
    const same = byPeriod.get(one.metric.periodSeconds);
    if (same === undefined) byPeriod.set(one.metric.periodSeconds, [one]);
    else same.push(one);
  }
  return [...byPeriod].flatMap(([periodSeconds, same]) => {
    const { startMs = 0, periods = 0 } = same[0] ?? {};
    const parts = Array.from({ length: Math.ceil(same.length / MOST_QUERIES) }, (_, part) => part * MOST_QUERIES);
    return parts.map((first) => ({
      startMs,
      endMs: startMs + periods * periodSeconds * 1000,
      asked: same.slice(first, first + MOST_QUERIES),
    }));
  });
};

/** Reads a batch into `values`; what was not answered is asked for once more. */
const read = async (client: CloudWatchClient, batch: Batch, values: Map<string, Values>): Promise<void> => {
  const failed = await readOnce(client, batch, values);
  if (failed.size === 0) return;
  const again = batch.asked.filter(({ id }) => failed.has(id));
  const [left] = await readOnce(client, { ...batch, asked: again }, values);
  if (left === undefined) return;
  const [id, status] = left;
  const metric = again.find((one) => one.id === id)?.metric;
  throw new AwsCallFailed(
    status === "Forbidden" ? "denied" : "failed",
    `${ACTION} of ${metric === undefined ? id : seriesId(metric)}: ${status}, twice; look at the metric in CloudWatch`,
  );
};

/** Reads a batch into `values`. @returns those that were not answered in whole, each with the last status it came to */
const readOnce = async (
  client: CloudWatchClient,
  batch: Batch,
  values: Map<string, Values>,
): Promise<ReadonlyMap<string, string>> => {
  const asked = new Map(batch.asked.map((one) => [one.id, one]));
  const statuses = new Map<string, string>(batch.asked.map(({ id }) => [id, "no answer"]));
  for (const result of await resultsOf(client, batch)) {
    const one = asked.get(result.Id ?? "");
    if (one === undefined) continue;
    statuses.set(one.id, result.StatusCode ?? "no status");
    const own: Values = values.get(one.id) ?? new Map();
    for (const [period, value] of datapoints(result, one)) own.set(period, value);
    values.set(one.id, own);
  }
  return new Map([...statuses].filter(([, status]) => status !== "Complete"));
};

/** All pages of one request. One metric's datapoints may lie on several, with a status each. */
const resultsOf = (client: CloudWatchClient, batch: Batch): Promise<readonly MetricDataResult[]> =>
  callAws(ACTION, `${batch.asked.length} metrics`, async () => {
    const pages = paginateGetMetricData(
      { client, stopOnSameToken: true },
      {
        MetricDataQueries: batch.asked.map(({ id, metric }) => ({ Id: id, MetricStat: statOf(metric) })),
        StartTime: new Date(batch.startMs),
        EndTime: new Date(batch.endMs),
        ScanBy: "TimestampAscending",
      },
    );
    const results: MetricDataResult[] = [];
    for await (const { MetricDataResults = [] } of pages) results.push(...MetricDataResults);
    return results;
  });

const statOf = ({ namespace, metricName, dimensions, stat, periodSeconds }: MetricRef) => ({
  Metric: {
    Namespace: namespace,
    MetricName: metricName,
    Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
  },
  Period: periodSeconds,
  Stat: stat,
});

/** Numbers by the period in which they are stamped; what lies outside of those asked for is left out. */
const datapoints = (
  { Timestamps = [], Values: values = [] }: MetricDataResult,
  { metric, startMs, periods }: Asked,
): readonly (readonly [period: number, value: number])[] =>
  Timestamps.flatMap((stamp, index) => {
    const value = values[index];
    const period = Math.floor((stamp.getTime() - startMs) / (metric.periodSeconds * 1000));
    return value !== undefined && Number.isFinite(value) && period >= 0 && period < periods ? [[period, value]] : [];
  });
