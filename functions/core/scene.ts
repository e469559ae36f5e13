import type { MetricRef } from "./alarm.ts";
import { alarmClassOf } from "./alarm-class.ts";
import type { Context } from "./context.ts";
import { type Measured, measured } from "./deviation.ts";
import type { Change, Resource } from "./evidence.ts";
import { FULLNESS } from "./fullness.ts";
import { METRIC_FAMILIES, type MetricFamily } from "./metric-family.ts";
import { remembered, rememberedLast } from "./remembered.ts";
import { type SliReading, sameMetric } from "./severity.ts";
import { baselineOf } from "./verify.ts";

/** The numbers of some resources taken together, each the one that stands out most. */
export type Signs = Readonly<{
  /** In the order of METRIC_FAMILIES: the deviation furthest from usual. */
  deviations: readonly number[];
  /** In the order of FULLNESS: the fullest, or the emptiest where full is well. */
  fullness: readonly number[];
  silent: number;
  /** How far the errors of one zone stand above those of another: 0 where they agree or zones are not told apart. */
  zoneGap: number;
}>;

/** A context with what all features ask of it, worked out once. */
export type Scene = Readonly<{
  context: Context;
  readings: readonly SliReading[];
  resources: ReadonlyMap<string, Resource>;
  own: readonly Resource[];
  others: readonly Resource[];
  /** By ARN; what fits no known resource stands under "". */
  measured: ReadonlyMap<string, readonly Measured[]>;
  /** Those of the incident's alarms, its own first. */
  alarming: readonly Measured[];
  /** What the incident's own alarm watches, as far as it is known. */
  alarmAt: Resource | null;
  alarmClass: MetricFamily | null;
  /** When the alarming series began to stand apart, the opening at the latest. */
  troubleMs: number;
  /** What had changed by now, oldest first. */
  changes: readonly Change[];
}>;

const byArn = (context: Context): ReadonlyMap<string, readonly Measured[]> => {
  const grouped = new Map<string, Measured[]>();
  for (const series of context.series) {
    const one = measured(series, context.openedAtMs, context.nowMs);
    const others = grouped.get(series.arn ?? "");
    if (others === undefined) grouped.set(series.arn ?? "", [one]);
    else others.push(one);
  }
  return grouped;
};

const alarmingIn = (all: readonly Measured[], alarmMetrics: readonly MetricRef[]): readonly Measured[] =>
  alarmMetrics.flatMap((metric) => all.find(({ series }) => sameMetric(series.metric, metric)) ?? []);

/** The scene of a context, which must never change. */
export const sceneOf: (context: Context) => Scene = rememberedLast((context) => {
  const grouped = byArn(context);
  const alarming = alarmingIn([...grouped.values()].flat(), context.alarmMetrics);
  const since = alarming.flatMap(({ sinceMs }) => (sinceMs === null ? [] : [sinceMs]));
  const isOwn = ({ service }: Resource): boolean => service === context.service.name;
  const resources = new Map(context.resources.map((resource) => [resource.arn, resource]));
  return {
    context,
    readings: baselineOf(context.service, context.series, context.nowMs).slis,
    resources,
    own: context.resources.filter(isOwn),
    others: context.resources.filter((resource) => !isOwn(resource)),
    measured: grouped,
    alarming,
    alarmAt: alarming.map(({ series }) => resources.get(series.arn ?? "")).find((one) => one !== undefined) ?? null,
    alarmClass: alarmClassOf(context.alarmMetrics),
    troubleMs: Math.min(context.openedAtMs, ...since),
    changes: context.changes.filter(({ atMs }) => atMs <= context.nowMs).toSorted((a, b) => a.atMs - b.atMs),
  };
});

const further = (a: number, b: number): number => (Math.abs(b) > Math.abs(a) ? b : a);

const zoneGapIn = (all: readonly Measured[]): number => {
  const zonal = all.filter(({ series }) => series.metric.dimensions.AvailabilityZone !== undefined);
  const deviations = zonal.map(({ deviation }) => deviation);
  return deviations.length < 2 ? 0 : Math.max(...deviations) - Math.min(...deviations);
};

/** The deviation of one metric family among signs. */
export const deviationIn = ({ deviations }: Signs, family: MetricFamily): number =>
  deviations[METRIC_FAMILIES.indexOf(family)] ?? 0;

/** The signs at one ARN; "" is what fits no known resource. */
export const signsAt: (scene: Scene, arn: string) => Signs = remembered((scene, arn) => {
  const all = scene.measured.get(arn) ?? [];
  const deviations: number[] = METRIC_FAMILIES.map(() => 0);
  const levels = new Map<string, number>();
  for (const { family, deviation, now, series } of all) {
    const place = family === null ? -1 : METRIC_FAMILIES.indexOf(family);
    if (place >= 0) deviations[place] = further(deviations[place] ?? 0, deviation);
    const { metricName } = series.metric;
    if (now !== null && !levels.has(metricName)) levels.set(metricName, now);
  }
  const resource = scene.resources.get(arn);
  const now = (metricName: string): number | null => levels.get(metricName) ?? null;
  return {
    deviations,
    fullness: FULLNESS.map(({ idle, of }) => (resource === undefined ? null : of(resource, now)) ?? idle),
    silent: all.filter(({ isSilent }) => isSilent).length,
    zoneGap: zoneGapIn(all),
  };
});

/** The signs of several ARNs as one. */
export const signsOf = (scene: Scene, arns: readonly string[]): Signs => {
  const deviations: number[] = METRIC_FAMILIES.map(() => 0);
  const fullness: number[] = FULLNESS.map(({ idle }) => idle);
  let [silent, zoneGap] = [0, 0];
  for (const arn of arns) {
    const one = signsAt(scene, arn);
    for (const [i, deviation] of one.deviations.entries()) deviations[i] = further(deviations[i] ?? 0, deviation);
    for (const [i, { idle }] of FULLNESS.entries()) {
      const [here, there] = [fullness[i] ?? idle, one.fullness[i] ?? idle];
      fullness[i] = idle === 0 ? Math.max(here, there) : Math.min(here, there);
    }
    silent += one.silent;
    zoneGap = Math.max(zoneGap, one.zoneGap);
  }
  return { deviations, fullness, silent, zoneGap };
};
