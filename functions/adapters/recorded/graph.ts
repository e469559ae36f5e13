import type { MetricRef } from "../../core/alarm.ts";
import { type NamedResource, resourceBehind } from "./namespaces.ts";
import { type Recording, rowsOf } from "./recording.ts";

/** The resources that metrics of the recording name, by ARN. */
export const namedResources = (recording: Recording): ReadonlyMap<string, NamedResource> =>
  new Map(
    [...recording.alarm.metrics, ...rowsOf(recording.metrics).map(({ metric }) => metric)].flatMap((metric) => {
      const named = resourceBehind(metric, recording.alarm);
      return named === null ? [] : [[named.arn, named] as const];
    }),
  );

/**
 * The ARNs of the incident's own service: all that hangs together with the resources of the alarm's metrics, in either
 * direction; all recorded ones where none of them is the alarm's. Without recorded resources, those that the alarm's
 * metrics name (or, where its event has no metric, those of every recorded metric).
 */
export const ownArns = (recording: Recording): readonly string[] => {
  const rows = rowsOf(recording.resources);
  const alarming = recording.alarm.metrics.flatMap((metric) => arnBehind(recording, metric) ?? []);
  if (rows.length === 0) {
    return alarming.length > 0 ? [...new Set(alarming)] : [...namedResources(recording).keys()];
  }
  const reached = new Set(alarming.filter((arn) => rows.some((row) => row.arn === arn)));
  if (reached.size === 0) return rows.map(({ arn }) => arn);
  for (let before = 0; before !== reached.size; ) {
    before = reached.size;
    for (const { arn, dependsOn } of rows) {
      if (reached.has(arn)) for (const other of dependsOn) reached.add(other);
      else if (dependsOn.some((other) => reached.has(other))) reached.add(arn);
    }
  }
  return rows.map(({ arn }) => arn).filter((arn) => reached.has(arn));
};

/** The resource that a metric's dimensions name: by its ARN's form, else the recorded one whose name a dimension is. */
export const arnBehind = (recording: Recording, metric: MetricRef): string | null => {
  const rows = rowsOf(recording.resources);
  const minted = resourceBehind(metric, recording.alarm)?.arn ?? null;
  if (minted !== null && (rows.length === 0 || rows.some(({ arn }) => arn === minted))) return minted;
  const values = Object.values(metric.dimensions);
  return rows.find(({ arn }) => values.includes(nameOf(arn)))?.arn ?? null;
};

/** The last part of an ARN. */
export const nameOf = (arn: string): string => arn.split(/[:/]/).at(-1) ?? arn;

/** What the service is called: by the alarm's own resource, else by a dimension, a resource or the alarm itself. */
export const serviceNameOf = (recording: Recording): string => {
  const { alarm } = recording;
  const named = alarm.metrics.flatMap((metric) => resourceBehind(metric, alarm)?.name ?? []);
  const dimensions = alarm.metrics.flatMap(({ dimensions }) => Object.values(dimensions));
  const resources = ownArns(recording).map(nameOf);
  return [...named, ...dimensions, ...resources].find((name) => name !== "") ?? alarm.alarmName;
};
