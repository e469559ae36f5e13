import type { z } from "zod";
import type { MetricRef } from "../../core/alarm.ts";
import type { SliSettings, settingsSchema } from "../../core/settings.ts";
import type { Mode } from "../../core/stages.ts";
import { arnBehind, ownArns, serviceNameOf } from "./graph.ts";
import { trafficOf } from "./namespaces.ts";
import { type Recording, rowsOf } from "./recording.ts";
import { findSeries, hasSameDimensions, isSameMetric } from "./series.ts";
import { roleOf, type SliRole } from "./sli-roles.ts";

/**
 * The settings under which a recorded incident is replayed: one service, built from the recording alone and only from
 * what had happened when the alarm went off. Its SLIs (two to five) are the alarm's metric and its neighbours.
 */
export const settingsForRecording = (recording: Recording, mode: Mode): z.input<typeof settingsSchema> => {
  const { alarm } = recording;
  const name = serviceNameOf(recording);
  return {
    account: alarm.account,
    region: alarm.region,
    mode,
    // A recording tells what the cloud did of its own accord as changes too: that nobody is at work is not to be seen in it.
    changeQuietSeconds: 0,
    services: [
      {
        name,
        resources: [...ownArns(recording)],
        slis: slisOf(recording),
        logGroups: logGroupsOf(recording),
      },
    ],
    alarms: { [alarm.alarmName]: name },
  };
};

/** Logs that nobody recorded are asked for all the same, so that they are said to be missing. */
const logGroupsOf = ({ logs }: Recording): string[] =>
  logs.kind === "missing" ? [NOT_RECORDED.namespace] : [...new Set(logs.rows.map(({ logGroup }) => logGroup))];

const MOST_NEIGHBOURS = 3;

const slisOf = (recording: Recording): SliSettings[] => {
  const primary = primaryMetric(recording);
  const neighbours = neighboursOf(recording, primary);
  const traffic = trafficMetric(primary, neighbours);
  const others = onePerRole(neighbours.filter((metric) => !isSameMetric(metric, traffic)));
  const side = primarySide(recording, primary);
  return [
    sliOf(primary, side, recording.evaluation.threshold ?? halfway(recording, primary, side.bad)),
    sliOf(traffic, { role: "traffic", bad: "below" }, usualLimit(recording, traffic, "below")),
    ...others.slice(0, MOST_NEIGHBOURS).map((metric) => {
      const role = roleOf(metric.metricName);
      return sliOf(metric, role, usualLimit(recording, metric, role.bad));
    }),
  ];
};

const sliOf = (metric: MetricRef, side: SliRole, limit: number): SliSettings => ({
  name: `${metric.metricName} ${metric.stat}`,
  metric: { ...metric, dimensions: { ...metric.dimensions } },
  ...side,
  limit,
});

const NOT_RECORDED: MetricRef = {
  namespace: "NotRecorded",
  metricName: "NotRecorded",
  dimensions: {},
  stat: "Average",
  periodSeconds: 60,
};

/** The alarm's metric, in the statistic that was recorded; a composite alarm names none, so the first recorded. */
const primaryMetric = (recording: Recording): MetricRef => {
  const recorded = rowsOf(recording.metrics).map(({ metric }) => metric);
  const [named] = recording.alarm.metrics;
  if (named === undefined) return recorded[0] ?? NOT_RECORDED;
  return findSeries(recording, named)?.metric ?? recorded.find((metric) => isSameMetric(metric, named)) ?? named;
};

/** The other recorded metrics of the service: of the same dimensions first, then of its other resources. */
const neighboursOf = (recording: Recording, primary: MetricRef): readonly MetricRef[] => {
  const own = new Set(ownArns(recording));
  const others = rowsOf(recording.metrics)
    .map(({ metric }) => metric)
    .filter((metric) => metric.namespace === primary.namespace && !isSameMetric(metric, primary));
  const beside = others.filter((metric) => hasSameDimensions(metric, primary));
  const related = others.filter(
    (metric) => !hasSameDimensions(metric, primary) && own.has(arnBehind(recording, metric) ?? ""),
  );
  return [...beside, ...related];
};

/**
 * The metric against which a return of traffic is judged: one that the namespace is known for, else any that counts
 * work. Where none was recorded, the number of samples behind the primary metric, which falls with traffic.
 */
const trafficMetric = (primary: MetricRef, neighbours: readonly MetricRef[]): MetricRef => {
  const known = trafficOf(primary.namespace);
  const recorded = known.flatMap(
    ({ metricName }) => neighbours.find((metric) => metric.metricName === metricName) ?? [],
  );
  const counted = neighbours.find(({ metricName }) => roleOf(metricName).role === "traffic");
  const [usual] = known.filter(({ metricName }) => metricName !== primary.metricName);
  return recorded[0] ?? counted ?? { ...primary, ...(usual ?? { stat: "SampleCount" }) };
};

const onePerRole = (metrics: readonly MetricRef[]): readonly MetricRef[] =>
  metrics.filter(
    (metric, index) =>
      roleOf(metric.metricName).role !== "traffic" &&
      metrics.findIndex((other) => roleOf(other.metricName).role === roleOf(metric.metricName).role) === index,
  );

/** Which side of the alarm's own metric hurts: by its threshold, else by where it has gone, else by its name. */
const primarySide = (recording: Recording, metric: MetricRef): SliRole => {
  const { role, bad } = roleOf(metric.metricName);
  const { all, calm } = beforeAlarm(recording, metric);
  const newest = all.at(-1);
  if (recording.evaluation.breaches !== null) return { role, bad: recording.evaluation.breaches };
  if (newest !== undefined && newest > Math.max(...calm)) return { role, bad: "above" };
  if (newest !== undefined && newest < Math.min(...calm)) return { role, bad: "below" };
  return { role, bad };
};

// The recovery contract asks for half of the traffic of before; the same margin, both ways, serves the other metrics.
const MARGIN = 0.5;

const usualLimit = (recording: Recording, metric: MetricRef, bad: SliSettings["bad"]): number => {
  const { calm } = beforeAlarm(recording, metric);
  if (calm.length === 0) return unreachable(bad);
  return bad === "above" ? Math.max(...calm) * (1 + MARGIN) : Math.min(...calm) * (1 - MARGIN);
};

/** Where no threshold is known: halfway between the best and the worst that the alarm's own metric had shown. */
const halfway = (recording: Recording, metric: MetricRef, bad: SliSettings["bad"]): number => {
  const { all } = beforeAlarm(recording, metric);
  return all.length === 0 ? unreachable(bad) : (Math.min(...all) + Math.max(...all)) / 2;
};

// CloudWatch's counts, times and shares are never negative, so neither limit is ever passed.
const unreachable = (bad: SliSettings["bad"]): number => (bad === "above" ? Number.MAX_VALUE : 0);

/** The datapoints up to the alarm; `calm` is their first half, before most of the trouble. */
const beforeAlarm = (
  recording: Recording,
  metric: MetricRef,
): Readonly<{ all: readonly number[]; calm: readonly number[] }> => {
  const series = findSeries(recording, metric);
  const all = (series?.points ?? [])
    .filter(({ atMs }) => atMs + metric.periodSeconds * 1000 <= recording.alarm.changedAtMs)
    .flatMap(({ value }) => value ?? []);
  return { all, calm: all.slice(0, Math.ceil(all.length / 2)) };
};
