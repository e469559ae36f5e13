import { between, wholeBetween } from "../random.ts";
import type { AutoScalingGroup } from "../resources/auto-scaling-fleet.ts";
import type { EcsCluster } from "../resources/ecs-cluster.ts";
import { type EcsService, NO_HERD, type TaskDefinition } from "../resources/ecs-deployments.ts";
import { ACCOUNT, REGION, type ServicePlan } from "../topology.ts";
import { groupOf } from "./asg-instances.ts";
import type { Site } from "./blueprint.ts";

const BUSY_SHARE = 0.5; // of the tasks' capacity at the hour at which the clock starts
const MOST_REQUESTS_A_TASK = 120; // a second: a service with more demand runs more tasks
const ROOM = 3; // times the tasks that run: a cluster seldom lacks room by itself
const TASKS_AN_INSTANCE = 1; // small instances: two network interfaces, of which one is the host's own

/**
 * A service's tasks, their cluster and its container instances, sized for its demand at this hour, deployed 10 to 200
 * hours ago. @param targetGroup ARN of what sends them requests; null where callers reach the tasks directly
 */
export const ecsTasks = (
  plan: ServicePlan,
  site: Site,
  latencyMs: number,
  targetGroup: string | null,
): readonly [service: EcsService, cluster: EcsCluster, instances: AutoScalingGroup] => {
  const name = `${site.system}-${plan.name}`;
  const clusterName = site.cluster.slice(site.cluster.lastIndexOf("/") + 1);
  const demand = plan.perSecond * site.hourly;
  const tasks = Math.max(wholeBetween(site.stream("tasks"), 0, 5, 9), Math.ceil(demand / MOST_REQUESTS_A_TASK));
  const deployedAtMs = site.clockStartMs - Math.round(between(site.stream("deployed"), 0, 10, 200)) * 3_600_000;
  const revision = wholeBetween(site.stream("revision"), 0, 20, 60);
  const definition = (number: number): TaskDefinition => ({
    arn: `arn:aws:ecs:${REGION}:${ACCOUNT}:task-definition/${name}:${number}`,
    errorRate: 0.00005, // of one hop: a request of a large system makes dozens
    latencyFactor: 1,
    capacityFactor: 1,
    message: "unhandled error in request handler",
    healthyShare: 1,
    leakPerMinute: 0,
  });
  const [previous, current] = [definition(revision - 1), definition(revision)];
  const service: EcsService = {
    kind: "ecs-service",
    arn: `arn:aws:ecs:${REGION}:${ACCOUNT}:service/${clusterName}/${name}`,
    name,
    service: plan.name,
    root: site.cluster,
    logGroup: `/ecs/${name}`,
    uses: [site.cluster],
    cluster: site.cluster,
    targetGroup,
    requestsPerTaskSecond: demand / BUSY_SHARE / tasks,
    latencyMs,
    desiredCount: tasks,
    previousTaskDefinition: previous.arn,
    deployedAtMs,
    deployments: [
      {
        id: "ecs-svc/0000000000000000001",
        status: "PRIMARY",
        taskDefinition: current.arn,
        runningCount: tasks,
        pending: [],
        failedTasks: 0,
        rolloutState: "COMPLETED",
        createdAtMs: deployedAtMs,
        updatedAtMs: deployedAtMs,
        leaked: 0,
        stuckCount: 0,
      },
    ],
    taskDefinitions: { [previous.arn]: previous, [current.arn]: current },
    deploymentsMade: 1,
    tasksStarted: 0,
    looksAtMs: 0,
    workFactor: 1,
    amplification: 1,
    herd: NO_HERD,
    pooledTasks: null,
  };
  const instances = groupOf(plan, site, {
    name: `${clusterName}-instances`,
    ecsCluster: site.cluster,
    targetGroup: null,
    latencyMs: 0,
    requestsPerInstanceSecond: 0,
    instances: Math.ceil((tasks * ROOM) / TASKS_AN_INSTANCE),
  });
  const cluster: EcsCluster = {
    kind: "ecs-cluster",
    arn: site.cluster,
    name: clusterName,
    service: plan.name,
    root: site.cluster,
    logGroup: null,
    uses: [instances.arn],
    capacityGroup: instances.arn,
    capacityProvider: `${clusterName}-capacity`,
    tasksPerInstance: TASKS_AN_INSTANCE,
  };
  return [service, cluster, instances];
};
