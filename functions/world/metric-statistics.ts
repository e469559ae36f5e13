import type { MetricShape } from "./resource-type.ts";

/** A statistic of a period from its minutes' values: their total, their mean and the largest. */
export type Statistic = (total: number, mean: number, largest: number) => number;
type Statistics = Readonly<Record<string, Statistic>>;

const total: Statistic = (sum) => sum;
const mean: Statistic = (_sum, middle) => middle;
const largest: Statistic = (_sum, _middle, most) => most;
const timesMean =
  (factor: number): Statistic =>
  (_sum, middle) =>
    middle * factor;

const COUNTS: Statistics = { Sum: total, SampleCount: total };
const GAUGES: Statistics = { Average: mean, Maximum: largest, Minimum: mean };

/** Percentiles follow from the log-normal spread of latency (sigma 0.5): mean = median * e^(sigma^2 / 2). */
const STATISTICS: Readonly<Record<MetricShape, Statistics>> = {
  count: COUNTS,
  sparse: COUNTS,
  gauge: GAUGES,
  percent: GAUGES,
  whole: GAUGES,
  latency: {
    Average: mean,
    Maximum: (_sum, _middle, most) => most * 4.2,
    p50: timesMean(0.882),
    p90: timesMean(1.675),
    p95: timesMean(2.009),
    p99: timesMean(2.824),
  },
};

/** What CloudWatch makes of a shape's minutes under this name; null where it does not publish that. */
export const statisticOf = (shape: MetricShape, stat: string): Statistic | null => STATISTICS[shape][stat] ?? null;
