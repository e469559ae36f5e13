import { chance } from "../random.ts";
import { balancerCall, balancerSlis, targetErrorsAlarm, targetGroupFor } from "./balancer.ts";
import type { Blueprint } from "./blueprint.ts";
import { ecsTasks } from "./ecs-tasks.ts";
import { alarmOn, metricsUnder, sli } from "./metric-plans.ts";

const SLOW_SECONDS = 0.8;

/** Tasks on ECS that other services reach directly; nobody counts their requests, only what they use up. */
export const ecsConnected: Blueprint = {
  id: "ecs-connected",
  role: "inner",
  likelihood: 3,
  brings: ["ecs-service"],
  build: (plan, site) => {
    const [service, cluster, instances] = ecsTasks(plan, site, 7, null);
    const metric = metricsUnder("AWS/ECS", { ClusterName: cluster.name, ServiceName: service.name });
    const cpu = metric("CPUUtilization", "Average");
    const told = `CPU of ${plan.name} is nearly used up`;
    return {
      states: [service, cluster, instances],
      edges: [],
      takes: service.arn,
      calls: service.arn,
      objectiveMs: null,
      alarms: [alarmOn(`${service.name}-cpu`, told, cpu, { above: 88 }, site.stream("cpu-rule"))],
      slis: [
        sli("cpu", "saturation", cpu, { above: 88 }),
        sli("memory", "saturation", metric("MemoryUtilization", "Average"), { above: 90 }),
      ],
    };
  },
};

/** Tasks on ECS behind an internal load balancer; half of the teams have an alarm on its errors. */
export const ecsBalanced: Blueprint = {
  id: "ecs-balanced",
  role: "inner",
  likelihood: 2,
  brings: ["target-group", "ecs-service"],
  build: (plan, site) => {
    const group = targetGroupFor(plan, site, []);
    const [service, cluster, instances] = ecsTasks(plan, site, 7, group.arn);
    const cpu = metricsUnder("AWS/ECS", { ClusterName: cluster.name, ServiceName: service.name });
    const told = `CPU of ${plan.name} is nearly used up`;
    const errors = chance(site.stream("has-error-alarm"), 0, 0.5) ? [targetErrorsAlarm(group, plan, site)] : [];
    return {
      states: [group, service, cluster, instances],
      edges: [balancerCall(group, service.arn)],
      takes: group.arn,
      calls: service.arn,
      objectiveMs: null,
      alarms: [
        ...errors,
        alarmOn(`${service.name}-cpu`, told, cpu("CPUUtilization", "Average"), { above: 88 }, site.stream("cpu-rule")),
      ],
      slis: balancerSlis(group, SLOW_SECONDS),
    };
  },
};
