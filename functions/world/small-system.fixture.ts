import type { MetricRef } from "../core/alarm.ts";
import type { FaultParameters } from "./faults/fault.ts";
import { metricOf } from "./metric-ref.ts";
import { type Scenario, scenarioWith } from "./scenario.ts";
import { buildSystem, partOf, type System } from "./system.ts";
import type { ServiceCall, Topology } from "./topology.ts";

const call = (to: string, callsPerRequest: number, more: Partial<ServiceCall> = {}): ServiceCall => ({
  to,
  callsPerRequest,
  retries: 1,
  timeoutMs: 2000,
  isAsync: false,
  ...more,
});

/** A shop small enough to know by heart: web calls api, which calls the database; orders come in by a queue of their own. */
export const SHOP: Topology = {
  system: "shop",
  peakHour: 14,
  services: [
    {
      ...{ name: "web", role: "front", blueprint: "ecs-web", severity: 1, entryPerSecond: 300, perSecond: 300 },
      calls: [call("api", 1)],
    },
    {
      ...{ name: "api", role: "inner", blueprint: "ecs-connected", severity: 2, entryPerSecond: null, perSecond: 300 },
      calls: [call("db", 2, { timeoutMs: 1000 })],
    },
    {
      ...{ name: "orders", role: "worker", blueprint: "queue-worker", severity: 2, entryPerSecond: 24, perSecond: 24 },
      calls: [],
    },
    {
      ...{ name: "db", role: "store", blueprint: "rds-store", severity: 1, entryPerSecond: null, perSecond: 600 },
      calls: [],
    },
  ],
};

/** A day in the shop with a fault of one's choice, and no other change around it. */
export const shopWith = (seed: number, index: number, fault = "none"): Scenario => ({
  ...scenarioWith(seed, index, fault, { topology: SHOP }),
  benignChanges: [],
});

/** The first day of a seed in the shop on which a fault is drawn as a test needs it. Throws RangeError where none is. */
export const shopWhere = (
  seed: number,
  fault: string,
  isWanted: (parameters: FaultParameters, arns: ReturnType<typeof shopArns>) => boolean,
): Scenario => {
  for (let index = 0; index < 100; index += 1) {
    const scenario = shopWith(seed, index, fault);
    const system = buildSystem(SHOP, scenario.clockStartMs, `${seed}/${index}`);
    if (isWanted(scenario.faults[0]?.parameters ?? {}, shopArns(system))) return scenario;
  }
  throw new RangeError(`seed ${seed} draws no such ${fault} in a hundred days`);
};

/** A release of the shop's web tasks that errs on many requests and is not slow. */
export const erringDeployment = (): Scenario =>
  shopWhere(
    1,
    "bad-ecs-deployment",
    ({ arn, errorRate, latencyFactor }, { front }) => arn === front && Number(errorRate) > 0.3 && latencyFactor === 1,
  );

/** A blip of the web entry that lasts long enough to be decided about. */
export const webBlip = (): Scenario =>
  shopWhere(1, "transient-blip", ({ entry, minutes }, { balancer }) => entry === balancer && Number(minutes) >= 9);

const inService = (system: System, service: string, kind: string): string => {
  const found = partOf(system, service).states.find((state) => state.kind === kind);
  if (found === undefined) throw new RangeError(`${service} has no ${kind}`);
  return found.arn;
};

/** ARNs of the shop's parts. */
export const shopArns = (system: System) => ({
  balancer: inService(system, "web", "target-group"),
  cluster: inService(system, "web", "ecs-cluster"),
  front: inService(system, "web", "ecs-service"),
  back: inService(system, "api", "ecs-service"),
  queue: inService(system, "orders", "sqs-queue"),
  worker: inService(system, "orders", "lambda-function"),
  database: inService(system, "db", "rds-instance"),
});

/** One of the shop's metrics, by the part that reports it. */
export const shopMetric = (
  system: System,
  part: keyof ReturnType<typeof shopArns>,
  metricName: string,
  stat: string,
): MetricRef => metricOf(system, shopArns(system)[part], metricName, stat);
