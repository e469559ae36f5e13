import type { TestContext } from "node:test";
import {
  answer,
  type Operation,
  type Operations,
  openOperations,
  seconds,
} from "../adapters/aws/operations.fixture.ts";
import type { MetricRef } from "../core/alarm.ts";
import type { AlarmTransition } from "../core/evidence.ts";
import { isoTime } from "../core/ids.ts";
import type { SettingsInput } from "../core/settings.ts";
import { alarmHistory } from "../world/alarms.ts";
import { metricValues } from "../world/metrics.ts";
import { scenarioWith } from "../world/scenario.ts";
import { settingsFor } from "../world/settings-for.ts";
import type { World } from "../world/state.ts";
import type { WorldAlarm } from "../world/types.ts";
import { advance, createWorld } from "../world/world.ts";

const HOUR_MS = 3_600_000;

/** A simulated day that is over, as an account would tell of it. */
export type PastDay = Readonly<{
  world: World;
  settings: SettingsInput;
  /** Hours after the trouble began. */
  nowMs: number;
  /** The first time that an alarm rang, and the world as it was then. */
  rang: Readonly<{ name: string; atMs: number }>;
  then: World;
}>;

/** Lets a day with this fault go by, four hours long, with nobody to see to it but the world's own people. */
export const pastDay = (fault: string, seed = 1): PastDay => {
  const world = createWorld(scenarioWith(seed, 0, fault));
  const then = createWorld(scenarioWith(seed, 0, fault));
  const nowMs = world.scenario.onsetMs + 4 * HOUR_MS;
  advance(world, nowMs);
  const [first] = world.alarms
    .flatMap(({ name }) => transitions(world, name).map(({ atMs, to }) => ({ name, atMs, to })))
    .filter(({ to }) => to === "ALARM")
    .toSorted((a, b) => a.atMs - b.atMs);
  if (first === undefined) throw new Error(`${fault}: no alarm rang on that day`);
  advance(then, first.atMs);
  return { world, settings: settingsFor(world), nowMs, rang: first, then };
};

const transitions = (world: World, name: string): readonly AlarmTransition[] =>
  alarmHistory(world, name, world.clockStartMs, world.nowMs);

/** CloudWatch over its wire, as it tells of that day; what else is asked goes on to `to`. */
export const openPast = (
  context: Pick<TestContext, "after">,
  { world }: PastDay,
  options: Readonly<{ to?: string }> = {},
  changes: Readonly<Record<string, Operation>> = {},
): Promise<Operations> =>
  openOperations(
    context,
    {
      DescribeAlarms: ({ AlarmNamePrefix = "" }) => {
        const named = world.alarms.filter(({ name }) => name.startsWith(String(AlarmNamePrefix)));
        return answer({
          MetricAlarms: named.flatMap((alarm) => (alarm.kind === "metric" ? [metricAlarm(alarm)] : [])),
          CompositeAlarms: named.flatMap((alarm) => (alarm.kind === "composite" ? [described(alarm)] : [])),
        });
      },
      DescribeAlarmHistory: ({ AlarmName }) =>
        answer({
          AlarmHistoryItems: transitions(world, String(AlarmName)).map((one) => historyItem(String(AlarmName), one)),
        }),
      GetMetricData: (request) => {
        const { MetricDataQueries, StartTime, EndTime } = request as unknown as MetricData;
        return answer({
          Messages: [],
          MetricDataResults: MetricDataQueries.map(({ Id, MetricStat }) => {
            const metric = refOf(MetricStat);
            const values = metricValues(world, metric, StartTime * 1000, EndTime * 1000);
            const points = values.flatMap((value, i) =>
              value === null ? [] : [{ value, at: StartTime + i * metric.periodSeconds }],
            );
            return {
              Id,
              Label: Id,
              StatusCode: "Complete",
              Timestamps: points.map(({ at }) => at),
              Values: points.map(({ value }) => value),
            };
          }),
        });
      },
      ...changes,
    },
    options,
  );

type MetricStat = Readonly<{
  Metric: Readonly<{
    Namespace: string;
    MetricName: string;
    Dimensions?: readonly Readonly<{ Name: string; Value: string }>[];
  }>;
  Period: number;
  Stat: string;
}>;
type MetricData = Readonly<{
  MetricDataQueries: readonly Readonly<{ Id: string; MetricStat: MetricStat }>[];
  StartTime: number;
  EndTime: number;
}>;

const refOf = ({ Metric, Period, Stat }: MetricStat): MetricRef => ({
  ...{ namespace: Metric.Namespace, metricName: Metric.MetricName, stat: Stat, periodSeconds: Period },
  dimensions: Object.fromEntries((Metric.Dimensions ?? []).map(({ Name, Value }) => [Name, Value])),
});

const described = (alarm: WorldAlarm) => ({
  ...{ AlarmName: alarm.name, AlarmArn: `arn:aws:cloudwatch:eu-west-1:123456789012:alarm:${alarm.name}` },
  ...{
    StateValue: alarm.state,
    StateReason: "",
    StateTransitionedTimestamp: seconds(alarm.changedAtMs),
    ActionsEnabled: true,
  },
});

const metricAlarm = (alarm: Extract<WorldAlarm, { kind: "metric" }>) => ({
  ...described(alarm),
  ...{ Namespace: alarm.metric.namespace, MetricName: alarm.metric.metricName, Period: alarm.metric.periodSeconds },
  Dimensions: Object.entries(alarm.metric.dimensions).map(([Name, Value]) => ({ Name, Value })),
  ...{ Statistic: alarm.metric.stat, EvaluationPeriods: alarm.evaluationPeriods, Threshold: alarm.threshold },
});

const historyItem = (AlarmName: string, { atMs, from, to }: AlarmTransition) => ({
  ...{ AlarmName, AlarmType: "MetricAlarm", HistoryItemType: "StateUpdate", Timestamp: seconds(atMs) },
  HistorySummary: `Alarm updated from ${from} to ${to}`,
  HistoryData: JSON.stringify({
    version: "1.0",
    oldState: { stateValue: from },
    newState: {
      stateValue: to,
      stateReason: "",
      stateReasonData: { version: "1.0", queryDate: isoTime(atMs), recentDatapoints: [1] },
    },
  }),
});
