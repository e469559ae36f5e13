import type { MetricRef } from "../../core/alarm.ts";
import type { Change, Resource, Series } from "../../core/evidence.ts";
import type { Clock, Evidence } from "../../core/ports.ts";
import { alarmTransitions, stateAt } from "./alarm-states.ts";
import { arnBehind, namedResources, nameOf, ownArns, serviceNameOf } from "./graph.ts";
import { type Recording, rowsOf, type Source } from "./recording.ts";
import { findSeries } from "./series.ts";

/** A file of the recording that cannot answer. The message is one plain sentence that names the file. */
export class SourceMissing extends Error {
  override readonly name = "SourceMissing";
}

/**
 * Evidence over a recorded incident: nothing stamped later than the clock is visible. A recording holds finished
 * datapoints, so one that is stamped now is shown. A source that is missing throws SourceMissing; only alarms() never does, for alarm.json is there.
 */
export const recordedEvidence = (recording: Recording, clock: Clock): Evidence => {
  const transitions = alarmTransitions(recording);
  const between =
    (fromMs: number, toMs: number) =>
    ({ atMs }: Readonly<{ atMs: number }>): boolean =>
      atMs >= fromMs && atMs <= Math.min(toMs, clock.nowMs());
  return {
    alarms: async (keys) =>
      keys
        .filter((key) => key === recording.alarm.key)
        .map((key) => ({ key, ...stateAt(transitions, clock.nowMs()), ...evaluationOf(recording) })),
    metrics: async (metrics, fromMs, toMs) => {
      required(recording.metrics);
      return metrics.map((metric) => seriesOf(recording, metric, fromMs, Math.min(toMs, clock.nowMs())));
    },
    logs: async (logGroups, fromMs, toMs) =>
      required(recording.logs)
        .filter(({ logGroup }) => logGroups.includes(logGroup))
        .filter(between(fromMs, toMs)),
    changes: async (arns, fromMs, toMs) =>
      required(recording.changes)
        .filter((change) => mayConcern(change, arns))
        .filter(between(fromMs, toMs)),
    resources: async (arns) => {
      required(recording.resources);
      return reachableFrom(recording, arns);
    },
    history: async (key, fromMs, toMs) => {
      required(recording.history);
      const others = rowsOf(recording.history).filter((transition) => transition.key === key);
      return (key === recording.alarm.key ? transitions : others).filter(between(fromMs, toMs));
    },
  };
};

const required = <T>(source: Source<T>): readonly T[] => {
  if (source.kind === "missing") throw new SourceMissing(source.because);
  return source.rows;
};

// CloudWatch's defaults stand where the event does not say how the alarm is evaluated.
const evaluationOf = ({ alarm, evaluation }: Recording) => ({
  periodSeconds: alarm.metrics[0]?.periodSeconds ?? evaluation.periodSeconds ?? 60,
  evaluationPeriods: evaluation.evaluationPeriods ?? 1,
});

const seriesOf = (recording: Recording, metric: MetricRef, fromMs: number, toMs: number): Series => {
  const recorded = findSeries(recording, metric);
  const periodSeconds = recorded?.metric.periodSeconds ?? metric.periodSeconds;
  const periodMs = periodSeconds * 1000;
  const firstSlot = Math.floor(fromMs / periodMs);
  const shownSlots = Math.max(0, Math.floor(toMs / periodMs) - firstSlot + 1);
  // A stamp off the grid may lie in a slot that has begun and still be in the future.
  const shown = recorded?.points.filter(({ atMs }) => atMs <= toMs);
  const bySlot = new Map(shown?.map(({ atMs, value }) => [Math.floor(atMs / periodMs), value]));
  return {
    id: seriesId(metric),
    metric,
    arn: arnBehind(recording, metric),
    fromMs: firstSlot * periodMs,
    periodSeconds,
    values: Array.from({ length: shownSlots }, (_, index) => bySlot.get(firstSlot + index) ?? null),
  };
};

const seriesId = ({ namespace, metricName, dimensions, stat, periodSeconds }: MetricRef): string => {
  const of = Object.entries(dimensions)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`);
  return `${namespace}/${metricName}{${of.join(",")}}:${stat}:${periodSeconds}`;
};

// A commit's target is a repository, not an ARN: only what names another resource by its ARN is somebody else's.
const mayConcern = ({ target }: Change, arns: readonly string[]): boolean =>
  !target.startsWith("arn:") || arns.includes(target);

const reachableFrom = (recording: Recording, arns: readonly string[]): readonly Resource[] => {
  const rows = rowsOf(recording.resources);
  const reached = new Set(arns);
  for (const arn of reached) {
    // A Set's iteration also visits what is added on the way.
    for (const other of rows.find((row) => row.arn === arn)?.dependsOn ?? []) reached.add(other);
  }
  const named = namedResources(recording);
  const own = new Set(ownArns(recording));
  const service = serviceNameOf(recording);
  return rows
    .filter(({ arn }) => reached.has(arn))
    .map((row) => ({
      ...row,
      name: named.get(row.arn)?.name ?? nameOf(row.arn),
      root: named.get(row.arn)?.root ?? row.arn,
      service: own.has(row.arn) ? service : "",
    }));
};
