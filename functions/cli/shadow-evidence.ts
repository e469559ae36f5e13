import { stateAt } from "../adapters/recorded/alarm-states.ts";
import type { MetricRef } from "../core/alarm.ts";
import type { AlarmTransition, Change, Resource, Series } from "../core/evidence.ts";
import type { Clock, Evidence } from "../core/ports.ts";
import { seriesId } from "../core/series-id.ts";

/** What was read of the past of one alarm; a text says why a source is missing. */
export type Past = Readonly<{
  key: string;
  periodSeconds: number;
  evaluationPeriods: number;
  transitions: readonly AlarmTransition[];
  /** By the metric that is asked for; a series may be coarser than that, where CloudWatch keeps no more. */
  series: ReadonlyMap<string, Series> | string;
  /** Why there are none. */
  logs: string;
  changes: readonly Change[] | string;
  /** As they are today. */
  resources: readonly Resource[] | string;
}>;

/** A source of the past that nobody can read any more. The message is one plain sentence. */
export class PastMissing extends Error {
  override readonly name = "PastMissing";
}

/** A datapoint can be read so long after its period closed, as in a live account (adapters/aws/cloudwatch-metrics.ts). */
const SETTLE_MS = 60_000;

/**
 * Evidence over what was read of the past, as it stood then: nothing that could not be read at the clock's time is shown.
 * Resources are an exception, for nobody knows what they were: they are as they are.
 */
export const pastEvidence = (past: Past, clock: Clock): Evidence => {
  const between =
    (fromMs: number, toMs: number) =>
    ({ atMs }: Readonly<{ atMs: number }>): boolean =>
      atMs >= fromMs && atMs <= Math.min(toMs, clock.nowMs());
  return {
    alarms: async (keys) =>
      keys
        .filter((key) => key === past.key)
        .map((key) => {
          const { periodSeconds, evaluationPeriods } = past;
          return { key, ...stateAt(past.transitions, clock.nowMs()), periodSeconds, evaluationPeriods };
        }),
    metrics: async (metrics, fromMs, toMs) => {
      const series = readable(past.series);
      return metrics.map((metric) => shown(series, metric, fromMs, Math.min(toMs, clock.nowMs() - SETTLE_MS)));
    },
    logs: async () => {
      throw new PastMissing(past.logs);
    },
    changes: async (arns, fromMs, toMs) =>
      readable(past.changes)
        .filter(({ target }) => arns.includes(target))
        .filter(between(fromMs, toMs)),
    resources: async (arns) => reachableFrom(readable(past.resources), arns),
    history: async (key, fromMs, toMs) =>
      past.transitions.filter((one) => one.key === key).filter(between(fromMs, toMs)),
  };
};

const readable = <T>(source: T | string): T => {
  if (typeof source === "string") throw new PastMissing(source);
  return source;
};

/** The closed periods of a metric in [fromMs, toMs); none of one that was not read. */
const shown = (series: ReadonlyMap<string, Series>, metric: MetricRef, fromMs: number, toMs: number): Series => {
  const id = seriesId(metric);
  const read = series.get(id);
  const periodMs = (read?.periodSeconds ?? metric.periodSeconds) * 1000;
  const startMs = Math.floor(fromMs / periodMs) * periodMs;
  const first = read === undefined ? 0 : Math.round((startMs - read.fromMs) / periodMs);
  const periods = Math.max(0, Math.floor((toMs - startMs) / periodMs));
  return {
    ...{ id, metric, arn: read?.arn ?? null, fromMs: startMs, periodSeconds: periodMs / 1000 },
    values: Array.from({ length: periods }, (_, period) => read?.values[first + period] ?? null),
  };
};

const reachableFrom = (resources: readonly Resource[], arns: readonly string[]): readonly Resource[] => {
  const reached = new Set(arns);
  // A Set's iteration also visits what is added on the way.
  for (const arn of reached)
    for (const other of resources.find((one) => one.arn === arn)?.dependsOn ?? []) reached.add(other);
  return resources.filter(({ arn }) => reached.has(arn));
};
