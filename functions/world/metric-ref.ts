import type { MetricRef } from "../core/alarm.ts";
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
