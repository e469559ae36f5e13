import {
  balancerCall,
  balancerSlis,
  noHostsAlarm,
  slowTargetsAlarm,
  targetErrorsAlarm,
  targetGroupFor,
} from "./balancer.ts";
import type { Blueprint } from "./blueprint.ts";
import { ecsTasks } from "./ecs-tasks.ts";
import { alarmOn, metricsUnder } from "./metric-plans.ts";

const OBJECTIVE_MS = 1000;
const SLOW_SECONDS = 0.6;

/** Users come in through a load balancer to tasks on ECS. */
export const ecsWeb: Blueprint = {
  id: "ecs-web",
  role: "front",
  likelihood: 3,
  brings: ["target-group", "ecs-service", "ecs-front"],
  build: (plan, site) => {
    const group = targetGroupFor(plan, site, []);
    const [service, cluster, instances] = ecsTasks(plan, site, 18, group.arn);
    const cpu = metricsUnder("AWS/ECS", { ClusterName: cluster.name, ServiceName: service.name });
    return {
      states: [group, service, cluster, instances],
      edges: [balancerCall(group, service.arn)],
      takes: group.arn,
      calls: service.arn,
      objectiveMs: OBJECTIVE_MS,
      alarms: [
        targetErrorsAlarm(group, plan, site),
        slowTargetsAlarm(group, plan, site, OBJECTIVE_MS),
        noHostsAlarm(group, plan, site),
        alarmOn(
          `${service.name}-cpu`,
          `CPU of ${plan.name} is nearly used up`,
          cpu("CPUUtilization", "Average"),
          { above: 88 },
          site.stream("cpu-rule"),
        ),
      ],
      slis: balancerSlis(group, SLOW_SECONDS),
    };
  },
};
