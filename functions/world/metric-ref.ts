import type { MetricRef } from "../core/alarm.ts";
import { rememberedLast } from "../core/remembered.ts";
import type { Samples } from "./resource-type.ts";
import { behaviourOf } from "./resources/resource-types.ts";
import type { Served } from "./state.ts";
import type { System } from "./system.ts";

/** What a resource serves that nobody asks anything of: enough to learn the names of its metrics. */
export const IDLE: Served = {
  demand: 0,
  passed: 0,
  errorRate: 0,
  latencyMs: 0,
  utilisation: 0,
  capacity: 0,
  message: null,
  gauges: {},
};

/** A one-minute metric of one resource by its name. Throws RangeError where the resource does not report it. */
export const metricOf = (system: System, arn: string, metricName: string, stat: string): MetricRef => {
  const state = system.states.find((one) => one.arn === arn);
  const samples = state === undefined ? [] : behaviourOf(state).samples(state, IDLE);
  const own = samples.find(({ levels }) => levels[metricName] !== undefined);
  if (own === undefined) throw new RangeError(`${arn} reports no ${metricName}`);
  return { namespace: own.namespace, metricName, dimensions: own.dimensions, stat, periodSeconds: 60 };
};

/**
 * Where a metric comes from: the resource, its place in the system's order (null: no call leads to it), which of its
 * samples, and the name in it. One system gives one value for one metric, so that it serves as a key.
 */
export type MetricAt = Readonly<{ arn: string; place: number | null; samples: number; name: string; idle: Samples }>;

type Source = Readonly<{ at: Omit<MetricAt, "name">; byName: Map<string, MetricAt> }>;

/** Where a metric comes from, or null where the system does not have it. Dimensions in any order name the same metric. */
export const metricAt = ({ system }: Readonly<{ system: System }>, metric: MetricRef): MetricAt | null => {
  const source = sourcesOf(system).get(metric.namespace + wordsOf(metric.dimensions));
  if (source === undefined) return null;
  const before = source.byName.get(metric.metricName);
  if (before !== undefined) return before;
  const made = { ...source.at, name: metric.metricName };
  source.byName.set(metric.metricName, made);
  return made;
};

const sourcesOf = rememberedLast((system: System): ReadonlyMap<string, Source> => {
  const byKey = new Map<string, Source>();
  for (const state of system.states) {
    const { arn } = state;
    const place = system.indexOf[arn] ?? null;
    for (const [samples, idle] of behaviourOf(state).samples(state, IDLE).entries())
      byKey.set(idle.namespace + wordsOf(idle.dimensions), { at: { arn, place, samples, idle }, byName: new Map() });
  }
  return byKey;
});

/** Dimensions in words, in the order of their names. Metrics that are asked for one after the other share theirs. */
const wordsOf = rememberedLast((dimensions: MetricRef["dimensions"]): string => {
  const names = Object.keys(dimensions);
  if (names.length > 1) names.sort();
  let words = "";
  for (const name of names) words += `|${name}=${dimensions[name]}`;
  return words;
});
