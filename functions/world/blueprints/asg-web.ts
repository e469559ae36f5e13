import type { ServicePlan } from "../topology.ts";
import { servingGroup } from "./asg-instances.ts";
import {
  balancerCall,
  balancerSlis,
  noHostsAlarm,
  slowTargetsAlarm,
  targetErrorsAlarm,
  targetGroupFor,
} from "./balancer.ts";
import type { Blueprint, Site } from "./blueprint.ts";
import { alarmOn, metricsUnder } from "./metric-plans.ts";

const OBJECTIVE_MS = 1000;
const SLOW_SECONDS = 0.6;

const cpuAlarm = (plan: ServicePlan, site: Site, group: string) =>
  alarmOn(
    `${group}-cpu`,
    `CPU of ${plan.name} is nearly used up`,
    metricsUnder("AWS/EC2", { AutoScalingGroupName: group })("CPUUtilization", "Average"),
    { above: 88 },
    site.stream("cpu-rule"),
  );

/** Users come in through a load balancer to EC2 instances of an Auto Scaling group. */
export const asgWeb: Blueprint = {
  id: "asg-web",
  role: "front",
  likelihood: 2,
  brings: ["target-group", "auto-scaling-group", "asg-front"],
  build: (plan, site) => {
    const targets = targetGroupFor(plan, site, []);
    const group = servingGroup(plan, site, 20, targets.arn);
    return {
      states: [targets, group],
      edges: [balancerCall(targets, group.arn)],
      takes: targets.arn,
      calls: group.arn,
      objectiveMs: OBJECTIVE_MS,
      alarms: [
        targetErrorsAlarm(targets, plan, site),
        slowTargetsAlarm(targets, plan, site, OBJECTIVE_MS),
        noHostsAlarm(targets, plan, site),
        cpuAlarm(plan, site, group.name),
      ],
      slis: balancerSlis(targets, SLOW_SECONDS),
    };
  },
};

/** EC2 instances of an Auto Scaling group behind an internal load balancer. */
export const asgInner: Blueprint = {
  id: "asg-inner",
  role: "inner",
  likelihood: 1,
  brings: ["target-group", "auto-scaling-group"],
  build: (plan, site) => {
    const targets = targetGroupFor(plan, site, []);
    const group = servingGroup(plan, site, 9, targets.arn);
    return {
      states: [targets, group],
      edges: [balancerCall(targets, group.arn)],
      takes: targets.arn,
      calls: group.arn,
      objectiveMs: null,
      alarms: [targetErrorsAlarm(targets, plan, site), cpuAlarm(plan, site, group.name)],
      slis: balancerSlis(targets, SLOW_SECONDS),
    };
  },
};
