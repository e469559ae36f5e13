import { sha256 } from "../../core/ids.ts";
import type { TargetGroup } from "../resources/load-balancer-zones.ts";
import type { CallEdge } from "../state.ts";
import { ACCOUNT, REGION, type ServicePlan, ZONES } from "../topology.ts";
import type { AlarmPlan, Site, SliPlan } from "./blueprint.ts";
import { alarmOn, metricsUnder, sli } from "./metric-plans.ts";

/** A target group behind an application load balancer of its own, for whoever answers HTTP. */
export const targetGroupFor = (plan: ServicePlan, site: Site, uses: readonly string[]): TargetGroup => {
  const name = `${site.system}-${plan.name}`;
  const id = sha256(name).slice(0, 16);
  const arn = `arn:aws:elasticloadbalancing:${REGION}:${ACCOUNT}:targetgroup/${name}/${id}`;
  return {
    kind: "target-group",
    arn,
    name,
    service: plan.name,
    root: arn,
    logGroup: null,
    uses,
    loadBalancer: `app/${name}/${sha256(arn).slice(0, 16)}`,
    targetGroup: `targetgroup/${name}/${id}`,
    zones: ZONES,
    impaired: null,
    shifts: [],
  };
};

/** The balancer's own call: it tries a target once. */
export const balancerCall = (group: TargetGroup, target: string): CallEdge => ({
  from: group.arn,
  to: target,
  callsPerRequest: 1,
  retries: 0,
  timeoutMs: 30_000,
  isAsync: false,
});

const balancerMetrics = ({ loadBalancer, targetGroup }: TargetGroup) =>
  metricsUnder("AWS/ApplicationELB", { LoadBalancer: loadBalancer, TargetGroup: targetGroup });

/** Users get errors: two requests in a hundred, and at least a handful a minute. */
export const targetErrorsAlarm = (group: TargetGroup, plan: ServicePlan, site: Site): AlarmPlan =>
  alarmOn(
    `${group.name}-target-5xx`,
    `Users of ${plan.name} get 5xx from the targets`,
    balancerMetrics(group)("HTTPCode_Target_5XX_Count", "Sum"),
    { above: Math.max(12, Math.round(plan.perSecond * 60 * 0.02)) },
    site.stream("errors-rule"),
    "notBreaching",
  );

/** Users wait: a tenth of the requests is slower than their objective. */
export const slowTargetsAlarm = (group: TargetGroup, plan: ServicePlan, site: Site, objectiveMs: number): AlarmPlan =>
  alarmOn(
    `${group.name}-latency`,
    `Users of ${plan.name} wait`,
    balancerMetrics(group)("TargetResponseTime", "p90"),
    { above: objectiveMs / 1000 },
    site.stream("latency-rule"),
  );

/** Nothing answers any more: then the balancer itself does, with errors that are none of the targets'. */
export const noHostsAlarm = (group: TargetGroup, plan: ServicePlan, site: Site): AlarmPlan =>
  alarmOn(
    `${group.name}-no-hosts`,
    `${plan.name} has no healthy targets`,
    balancerMetrics(group)("HealthyHostCount", "Minimum"),
    { below: 1 },
    site.stream("hosts-rule"),
  );

/** Errors, time and traffic of HTTP; `slowSeconds` is what users notice. */
export const balancerSlis = (group: TargetGroup, slowSeconds: number): readonly SliPlan[] => {
  const metric = balancerMetrics(group);
  const requests = metric("RequestCount", "Sum");
  return [
    sli("error rate", "errors", metric("HTTPCode_Target_5XX_Count", "Sum"), { above: 0.02 }, requests),
    sli("latency", "latency", metric("TargetResponseTime", "Average"), { above: slowSeconds }),
    sli("traffic", "traffic", requests, { below: 1 }),
  ];
};
