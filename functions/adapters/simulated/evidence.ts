import type { MetricRef } from "../../core/alarm.ts";
import type { AlarmSnapshot, AlarmTransition } from "../../core/evidence.ts";
import { alarmKey } from "../../core/ids.ts";
import type { Evidence } from "../../core/ports.ts";
import { alarmHistory, alarmsOf } from "../../world/alarms.ts";
import { changesOf, resourcesOf } from "../../world/graph.ts";
import { logLines } from "../../world/logs.ts";
import { metricAt, metricValues } from "../../world/metrics.ts";
import type { World } from "../../world/state.ts";
import type { WorldAlarm } from "../../world/types.ts";

/** Reads the simulated cloud as it is at the moment of each call. Nothing in it changes. */
export const simulatedEvidence = (world: World): Evidence => {
  const keyOf = ({ name }: WorldAlarm): string =>
    alarmKey({ account: world.account, region: world.region, alarmName: name, contributorId: null });
  return {
    alarms: async (keys) => {
      const known = new Map(alarmsOf(world).map((alarm) => [keyOf(alarm), alarm]));
      return keys.flatMap((key) => {
        const alarm = known.get(key);
        return alarm === undefined ? [] : [snapshot(key, alarm)];
      });
    },
    metrics: async (metrics, fromMs, toMs) => {
      return metrics.map((metric) => {
        const periodMs = metric.periodSeconds * 1000;
        const alignedMs = Math.floor(fromMs / periodMs) * periodMs;
        return {
          id: seriesId(metric),
          metric,
          arn: metricAt(world, metric)?.arn ?? null,
          fromMs: alignedMs,
          periodSeconds: metric.periodSeconds,
          values: metricValues(world, metric, alignedMs, toMs),
        };
      });
    },
    logs: async (logGroups, fromMs, toMs) => logLines(world, logGroups, fromMs, toMs),
    changes: async (arns, fromMs, toMs) => changesOf(world, arns, fromMs, toMs),
    resources: async (arns) => resourcesOf(world, arns),
    history: async (key, fromMs, toMs) =>
      alarmsOf(world)
        .filter((alarm) => keyOf(alarm) === key)
        .flatMap(({ name }) => alarmHistory(world, name, fromMs, toMs))
        .map(({ atMs, from, to }): AlarmTransition => ({ key, atMs, from, to })),
  };
};

/** A composite alarm has no period of its own: it follows its children at once. */
const snapshot = (key: string, alarm: WorldAlarm): AlarmSnapshot => ({
  key,
  state: alarm.state,
  changedAtMs: alarm.changedAtMs,
  periodSeconds: alarm.kind === "metric" ? alarm.metric.periodSeconds : 60,
  evaluationPeriods: alarm.kind === "metric" ? alarm.evaluationPeriods : 1,
});

/** The metric in words: the same metric has the same id in every reading. */
const seriesId = ({ namespace, metricName, dimensions, stat, periodSeconds }: MetricRef): string => {
  const named = Object.entries(dimensions)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`);
  return `${namespace}/${metricName}{${named.join(",")}} ${stat} ${periodSeconds}s`;
};
