import { sha256 } from "../../core/ids.ts";
import { between, wholeBetween } from "../random.ts";
import type { AutoScalingGroup, InstanceTemplate } from "../resources/auto-scaling-fleet.ts";
import { ACCOUNT, REGION, type ServicePlan } from "../topology.ts";
import type { Site } from "./blueprint.ts";

const MOST_GROWTH = 3; // the group's maximum over what it runs

type Sizing = Readonly<
  Pick<AutoScalingGroup, "name" | "ecsCluster" | "targetGroup" | "latencyMs" | "requestsPerInstanceSecond"> & {
    instances: number;
  }
>;

/** An Auto Scaling group whose launch template changed 10 to 200 hours ago. */
export const groupOf = (plan: ServicePlan, site: Site, { instances, ...sizing }: Sizing): AutoScalingGroup => {
  const id = sha256(sizing.name);
  const arn = [
    `arn:aws:autoscaling:${REGION}:${ACCOUNT}:autoScalingGroup`,
    [id.slice(0, 8), id.slice(8, 12), id.slice(12, 16), id.slice(16, 20), id.slice(20, 32)].join("-"),
    `autoScalingGroupName/${sizing.name}`,
  ].join(":");
  // The instances of a cluster belong to all of its services: what is drawn of them depends on none.
  const number = sizing.ecsCluster === null ? wholeBetween(site.stream("template"), 0, 4, 40) : 4;
  const hours = sizing.ecsCluster === null ? Math.round(between(site.stream("deployed"), 0, 10, 200)) : 200;
  const template = (version: number): InstanceTemplate => ({
    version: String(version),
    errorRate: 0.00005, // of one hop: a request of a large system makes dozens
    latencyFactor: 1,
    capacityFactor: 1,
    message: "unhandled error in request handler",
  });
  const [previous, current] = [template(number - 1), template(number)];
  return {
    kind: "auto-scaling-group",
    arn,
    service: plan.name,
    root: arn,
    logGroup: sizing.ecsCluster === null ? `/ec2/${sizing.name}` : null,
    uses: [],
    ...sizing,
    launchTemplateId: `lt-0${id.slice(0, 16)}`,
    minSize: 1,
    maxSize: instances * MOST_GROWTH,
    desiredCapacity: instances,
    version: current.version,
    previousVersion: previous.version,
    changedAtMs: site.clockStartMs - hours * 3_600_000,
    templates: { [previous.version]: previous, [current.version]: current },
    fleets: [{ generation: 0, version: current.version, count: instances, sick: 0 }],
    warming: [],
    launched: 0,
    refreshes: [],
  };
};

const BUSY_SHARE = 0.5; // of the instances' capacity at the hour at which the clock starts
const MOST_REQUESTS_AN_INSTANCE = 150; // a second: a service with more demand runs more of them

/** The group of instances that serves a service itself, sized for its demand at this hour. */
export const servingGroup = (
  plan: ServicePlan,
  site: Site,
  latencyMs: number,
  targetGroup: string,
): AutoScalingGroup => {
  const demand = plan.perSecond * site.hourly;
  const drawn = wholeBetween(site.stream("instances"), 0, 4, 9);
  const instances = Math.max(drawn, Math.ceil(demand / MOST_REQUESTS_AN_INSTANCE));
  const requestsPerInstanceSecond = demand / BUSY_SHARE / instances;
  const name = `${site.system}-${plan.name}`;
  return groupOf(plan, site, { name, ecsCluster: null, targetGroup, latencyMs, requestsPerInstanceSecond, instances });
};
