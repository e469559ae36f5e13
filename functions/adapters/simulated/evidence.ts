import type { AlarmSnapshot, AlarmTransition } from "../../core/evidence.ts";
import { alarmKey } from "../../core/ids.ts";
import type { Evidence } from "../../core/ports.ts";
import { seriesId } from "../../core/series-id.ts";
import { alarmHistory, alarmsOf } from "../../world/alarms.ts";
import { changesOf, resourcesOf } from "../../world/graph.ts";
import { logLines } from "../../world/logs.ts";
import { metricAt } from "../../world/metric-ref.ts";
import { valuesAt } from "../../world/metrics.ts";
import type { World } from "../../world/state.ts";
import type { WorldAlarm } from "../../world/types.ts";

/** Reads the simulated cloud as it is at the moment of each call. Nothing in it changes. */
export const simulatedEvidence = (world: World): Evidence => {
  const { account, region } = world;
  /** The alarms' names and order never change: where each stands, by its key. */
  const places = new Map(
    alarmsOf(world).map(({ name }, place) => [
      alarmKey({ account, region, alarmName: name, contributorId: null }),
      place,
    ]),
  );
  const alarmOf = (key: string): WorldAlarm | undefined => alarmsOf(world)[places.get(key) ?? -1];
  return {
    alarms: async (keys) =>
      keys.flatMap((key) => {
        const alarm = alarmOf(key);
        return alarm === undefined ? [] : [snapshot(key, alarm)];
      }),
    metrics: async (metrics, fromMs, toMs) => {
      return metrics.map((metric) => {
        const periodMs = metric.periodSeconds * 1000;
        const at = metricAt(world, metric);
        const alignedMs = Math.floor(fromMs / periodMs) * periodMs;
        return {
          id: seriesId(metric),
          metric,
          arn: at?.arn ?? null,
          fromMs: alignedMs,
          periodSeconds: metric.periodSeconds,
          values: valuesAt(world, at, metric, alignedMs, toMs),
        };
      });
    },
    logs: async (logGroups, fromMs, toMs) => logLines(world, logGroups, fromMs, toMs),
    changes: async (arns, fromMs, toMs) => changesOf(world, arns, fromMs, toMs),
    resources: async (arns) => resourcesOf(world, arns),
    history: async (key, fromMs, toMs): Promise<readonly AlarmTransition[]> => {
      const alarm = alarmOf(key);
      return alarm === undefined ? [] : alarmHistory(world, alarm.name, fromMs, toMs);
    },
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
