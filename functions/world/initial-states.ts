import { dailyShape } from "./load.ts";
import { between } from "./random.ts";
import type { EcsCluster } from "./resources/ecs-cluster.ts";
import type { EcsService, TaskDefinition } from "./resources/ecs-deployments.ts";
import type { FunctionVersion, LambdaFunction } from "./resources/lambda-api.ts";
import type { TargetGroup } from "./resources/load-balancer.ts";
import type { RdsInstance } from "./resources/rds-instance.ts";
import type { SqsQueue } from "./resources/sqs-queue.ts";
import type { ResourceState } from "./state.ts";
import { ACCOUNT, arnsOf, REGION, type Topology } from "./topology.ts";

/** The resources as they stand when the clock starts: sized for the load of that hour, everything deployed days ago. */
export const initialStates = (topology: Topology, clockStartMs: number, streams: string): readonly ResourceState[] => {
  const arns = arnsOf(topology);
  const hour = dailyShape(clockStartMs, topology.peakHour);
  const rate = topology.requestsPerSecond * hour;
  const deployed = (arn: string): number =>
    clockStartMs - Math.round(between(`${streams}|${arn}|deployed`, 0, 10, 200)) * 3_600_000;
  const service = (arn: string, name: string, tasks: number, load: number, latencyMs: number): EcsService =>
    ecsServiceState(topology, arn, name, tasks, load / tasks, latencyMs, deployed(arn));
  const states: ResourceState[] = [
    targetGroupState(topology),
    clusterState(topology),
    service(arns.front, topology.front, topology.frontTasks, rate / 0.5, 25),
    service(arns.back, topology.back, topology.backTasks, rate / 0.2, 35),
  ];
  if (arns.side !== null && topology.side !== null)
    states.push(service(arns.side, topology.side, 3, (rate * 0.5) / 0.2, 20));
  states.push(queueState(topology), workerState(topology, deployed(arns.worker)));
  const queries = rate * 2 + topology.messagesPerSecond;
  states.push(databaseState(topology, arns.database, null, queries / 0.18));
  if (arns.replica !== null) states.push(databaseState(topology, arns.replica, arns.database, queries / 0.18));
  return states;
};

const named = (topology: Topology, owner: string) => ({ name: `${topology.system}-${owner}`, service: owner });

const targetGroupState = (topology: Topology): TargetGroup => {
  const { name, service } = named(topology, topology.front);
  const { balancer } = arnsOf(topology);
  return {
    kind: "target-group",
    arn: balancer,
    name,
    service,
    root: balancer,
    logGroup: null,
    loadBalancer: `app/${name}/50dc6c495c0c9188`,
    targetGroup: balancer.slice(balancer.indexOf("targetgroup/")),
  };
};

const clusterState = (topology: Topology): EcsCluster => {
  const { cluster } = arnsOf(topology);
  const tasks = topology.frontTasks + topology.backTasks + 3;
  const name = `${topology.system}-prod`;
  const capacityTasks = tasks * 3;
  return {
    kind: "ecs-cluster",
    arn: cluster,
    name,
    service: topology.front,
    root: cluster,
    logGroup: null,
    capacityTasks,
  };
};

const ecsServiceState = (
  topology: Topology,
  arn: string,
  owner: string,
  tasks: number,
  requestsPerTaskSecond: number,
  latencyMs: number,
  deployedAtMs: number,
): EcsService => {
  const { name, service } = named(topology, owner);
  const definitionArn = (revision: number): string =>
    `arn:aws:ecs:${REGION}:${ACCOUNT}:task-definition/${name}:${revision}`;
  const good = (revision: number): TaskDefinition => ({
    arn: definitionArn(revision),
    errorRate: 0.0005,
    latencyFactor: 1,
    capacityFactor: 1,
    message: "unhandled error in request handler",
  });
  const revision = 20 + (name.length % 30);
  const times = { createdAtMs: deployedAtMs, updatedAtMs: deployedAtMs };
  return {
    kind: "ecs-service",
    arn,
    name,
    service,
    root: arnsOf(topology).cluster,
    logGroup: `/ecs/${name}`,
    cluster: arnsOf(topology).cluster,
    requestsPerTaskSecond,
    latencyMs,
    desiredCount: tasks,
    previousTaskDefinition: definitionArn(revision - 1),
    deployedAtMs,
    deployments: [
      {
        id: "ecs-svc/0000000000000000001",
        status: "PRIMARY",
        taskDefinition: definitionArn(revision),
        runningCount: tasks,
        pendingCount: 0,
        rolloutState: "COMPLETED",
        ...times,
      },
    ],
    taskDefinitions: {
      [definitionArn(revision - 1)]: good(revision - 1),
      [definitionArn(revision)]: good(revision),
    },
    deploymentsMade: 1,
    tasksStarted: 0,
  };
};

const workerState = (topology: Topology, updatedAtMs: number): LambdaFunction => {
  const { worker } = arnsOf(topology);
  const { name, service } = named(topology, topology.worker);
  const version = (number: number): FunctionVersion => ({
    version: String(number),
    errorRate: 0.001,
    durationMs: 180,
    message: "Task failed: unexpected end of input",
  });
  const functionArn = worker.slice(0, worker.lastIndexOf(":"));
  return {
    kind: "lambda-function",
    arn: worker,
    name,
    service,
    root: functionArn,
    logGroup: `/aws/lambda/${name}`,
    functionArn,
    alias: "live",
    functionVersion: "7",
    previousFunctionVersion: "6",
    updatedAtMs,
    revision: 7,
    versions: { "6": version(6), "7": version(7) },
    reservedConcurrency: null,
  };
};

const queueState = (topology: Topology): SqsQueue => {
  const { queue } = arnsOf(topology);
  const { name, service } = named(topology, topology.worker);
  const url = `https://sqs.${REGION}.amazonaws.com/${ACCOUNT}/${name}`;
  return {
    kind: "sqs-queue",
    arn: queue,
    name,
    service,
    root: queue,
    logGroup: null,
    url,
    visibilitySeconds: 120,
    backlog: 0,
  };
};

const databaseState = (
  topology: Topology,
  arn: string,
  primary: string | null,
  queriesPerSecond: number,
): RdsInstance => ({
  kind: "rds-instance",
  arn,
  name: arn.slice(arn.lastIndexOf(":") + 1),
  service: "database",
  root: primary ?? arn,
  logGroup: `/aws/rds/instance/${arn.slice(arn.lastIndexOf(":") + 1)}/postgresql`,
  engine: "postgres",
  multiAz: primary === null,
  primary,
  maxConnections: 400,
  pooledConnections: 4 * (topology.frontTasks + topology.backTasks) + 40,
  queriesPerSecond,
  latencyMs: 4,
  writeShare: primary === null ? 0.3 : 0,
  status: "available",
  reboots: 0,
  leakedConnections: 0,
  leakPerMinute: 0,
});
