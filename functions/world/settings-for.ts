import type { MetricRef } from "../core/alarm.ts";
import type { SettingsInput } from "../core/settings.ts";
import { metricsOf } from "./initial-alarms.ts";
import type { World } from "./state.ts";

type ServiceInput = SettingsInput["services"][number];
type SliInput = ServiceInput["slis"][number];

/** Quell's settings as the owner of this world would write them: its services, SLIs and alarms, mode `auto`. */
export const settingsFor = (world: World): SettingsInput => {
  const { topology } = world.scenario;
  const { front, back, side, worker } = topology;
  const behind = side === null ? [back] : [back, side];
  const owned = (service: string) => ownedBy(world, service);
  return {
    account: world.account,
    region: world.region,
    mode: "auto",
    alarms: Object.fromEntries(world.alarms.map((alarm) => [alarm.name, alarm.service])),
    services: [
      { name: front, severity: 1, dependsOn: behind, slis: frontSlis(world), ...owned(front) },
      { name: back, severity: 2, dependsOn: ["database"], slis: serviceSlis(world, back), ...owned(back) },
      ...(side === null ? [] : [{ name: side, severity: 3, slis: serviceSlis(world, side), ...owned(side) }]),
      {
        name: worker,
        severity: 2,
        dependsOn: topology.workerUsesDatabase ? ["database"] : [],
        slis: workerSlis(world),
        ...owned(worker),
      },
      { name: "database", severity: 1, slis: databaseSlis(world), ...owned("database") },
    ],
  };
};

const ownedBy = (world: World, service: string): Pick<ServiceInput, "resources" | "logGroups"> => {
  const states = Object.values(world.resources).filter((state) => state.service === service);
  return {
    resources: states.map((state) => state.arn),
    logGroups: states.map((state) => state.logGroup).filter((group) => group !== null),
  };
};

const sli = (
  name: string,
  role: SliInput["role"],
  metric: MetricRef,
  bad: SliInput["bad"],
  limit: number,
): SliInput => ({
  name,
  role,
  metric: { ...metric },
  bad,
  limit,
});

const frontSlis = (world: World): SliInput[] => {
  const { balancer } = metricsOf(world.scenario.topology);
  const requests = balancer("RequestCount", "Sum");
  return [
    {
      ...sli("error rate", "errors", balancer("HTTPCode_Target_5XX_Count", "Sum"), "above", 0.02),
      per: { ...requests },
    },
    sli("latency", "latency", balancer("TargetResponseTime", "Average"), "above", 0.6),
    sli("traffic", "traffic", requests, "below", 1),
  ];
};

const serviceSlis = (world: World, owner: string): SliInput[] => {
  const metric = metricsOf(world.scenario.topology).service(owner);
  return [
    sli("cpu", "saturation", metric("CPUUtilization", "Average"), "above", 88),
    sli("memory", "saturation", metric("MemoryUtilization", "Average"), "above", 90),
  ];
};

const workerSlis = (world: World): SliInput[] => {
  const metrics = metricsOf(world.scenario.topology);
  const invocations = metrics.worker("Invocations", "Sum");
  return [
    { ...sli("error rate", "errors", metrics.worker("Errors", "Sum"), "above", 0.05), per: { ...invocations } },
    sli("queue age", "latency", metrics.queue("ApproximateAgeOfOldestMessage", "Maximum"), "above", 300),
    sli("traffic", "traffic", invocations, "below", 1),
  ];
};

const databaseSlis = (world: World): SliInput[] => {
  const { database } = metricsOf(world.scenario.topology);
  return [
    sli("connections", "saturation", database("DatabaseConnections", "Average"), "above", 320),
    sli("write latency", "latency", database("WriteLatency", "Average"), "above", 0.02),
    sli("commits", "traffic", database("CommitThroughput", "Average"), "below", 1),
  ];
};
