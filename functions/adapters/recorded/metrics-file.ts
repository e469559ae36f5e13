import { z } from "zod";
import type { MetricRef } from "../../core/alarm.ts";
import { parseTimestamp } from "../aws/timestamp.ts";
import { count, fitting, readJsonArray, type Salvaged } from "./salvage.ts";

/** One metric as it was recorded: points sorted by time, one a period; `atMs` is the start of the period it covers. */
export type RecordedSeries = Readonly<{
  metric: MetricRef;
  points: readonly Readonly<{ atMs: number; value: number | null }>[];
}>;

const row = z.object({
  namespace: z.string().min(1),
  metricName: z.string().min(1),
  dimensions: z.record(z.string(), z.string()).default({}),
  stat: z.string().min(1).default("Average"),
  period: z.int().positive(),
  timestamps: z.array(z.unknown()),
  values: z.array(z.unknown()),
});

/** Reads metrics.json; null where nothing of it is an array. */
export const readMetrics = (text: string): Salvaged<readonly RecordedSeries[]> | null => {
  const array = readJsonArray(text);
  if (array === null) return null;
  const fits = fitting(row, array.rows, "series have fields that are missing or of another type");
  const series = fits.rows.map(readSeries);
  return {
    rows: series.map(({ rows }) => rows),
    dropped: [...array.dropped, ...fits.dropped, ...series.flatMap(({ dropped }) => dropped)],
  };
};

const readSeries = ({ period, timestamps, values, ...metric }: z.infer<typeof row>): Salvaged<RecordedSeries> => {
  const pairs = timestamps.slice(0, values.length).map((time, index) => ({ time, value: values[index] }));
  const points = pairs.flatMap(({ time, value }) => {
    const atMs = typeof time === "string" ? parseTimestamp(time) : null;
    return atMs !== null && (typeof value === "number" || value === null) ? [{ atMs, value }] : [];
  });
  const sorted = points.toSorted((a, b) => a.atMs - b.atMs);
  const periodMs = period * 1000;
  const kept = sorted.filter(
    ({ atMs }, index) =>
      index === 0 || Math.floor(atMs / periodMs) !== Math.floor((sorted[index - 1]?.atMs ?? 0) / periodMs),
  );
  const of = `of ${metric.metricName}`;
  return {
    rows: { metric: { ...metric, periodSeconds: period }, points: kept },
    dropped: [
      ...count(Math.abs(timestamps.length - values.length), `timestamps and values ${of} have no counterpart`),
      ...count(pairs.length - points.length, `datapoints ${of} have no readable time or number`),
      ...(sorted.some((point, index) => point !== points[index]) ? [`datapoints ${of} were out of order: sorted`] : []),
      ...count(sorted.length - kept.length, `datapoints ${of} repeat a period: the first of each was kept`),
    ],
  };
};
