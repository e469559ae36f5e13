import { between } from "../random.ts";
import { resourcesOfKind } from "../resource-type.ts";
import { type ResourceState, record, schedule, streamOf, type World } from "../state.ts";
import { clusterNamed } from "./ecs-cluster.ts";

/** What the code of one task definition does; a good one errs in 5 of 10,000 requests. */
export type TaskDefinition = Readonly<{
  arn: string;
  errorRate: number;
  latencyFactor: number;
  capacityFactor: number;
  message: string | null;
}>;

export type Deployment = {
  readonly id: string;
  status: "PRIMARY" | "ACTIVE";
  readonly taskDefinition: string;
  runningCount: number;
  pendingCount: number;
  rolloutState: "IN_PROGRESS" | "COMPLETED";
  readonly createdAtMs: number;
  updatedAtMs: number;
};

/** A service whose tasks are replaced by rolling deployments: minimum healthy 100 %, maximum 200 %. */
export type EcsService = ResourceState & {
  readonly kind: "ecs-service";
  readonly cluster: string;
  readonly requestsPerTaskSecond: number;
  readonly latencyMs: number;
  desiredCount: number;
  previousTaskDefinition: string | null;
  deployedAtMs: number;
  /** The primary first. */
  deployments: Deployment[];
  taskDefinitions: Record<string, TaskDefinition>;
  deploymentsMade: number;
  tasksStarted: number;
};

export const isEcsService = (resource: ResourceState): resource is EcsService => resource.kind === "ecs-service";

export const primaryOf = (service: EcsService): Deployment => {
  const [primary] = service.deployments;
  if (primary === undefined) throw new Error(`${service.arn}: a service has a primary deployment at all times`);
  return primary;
};

export const runningCount = (service: EcsService): number => sum(service.deployments, (one) => one.runningCount);
export const pendingCount = (service: EcsService): number => sum(service.deployments, (one) => one.pendingCount);

export const isDeploying = (service: EcsService): boolean =>
  service.deployments.length > 1 || primaryOf(service).rolloutState === "IN_PROGRESS";

/** The ARN of a task definition some revisions after another of the same family. */
export const laterRevision = (taskDefinition: string, revisions: number): string => {
  const colon = taskDefinition.lastIndexOf(":");
  return `${taskDefinition.slice(0, colon)}:${Number(taskDefinition.slice(colon + 1)) + revisions}`;
};

/** Starts a rolling deployment; the one in progress, if any, keeps its running tasks until they are replaced. */
export const deploy = (world: World, service: EcsService, taskDefinition: string): void => {
  const old = primaryOf(service);
  if (old.taskDefinition !== taskDefinition) {
    service.previousTaskDefinition = old.taskDefinition;
    service.deployedAtMs = world.nowMs;
  }
  for (const deployment of service.deployments) {
    deployment.status = "ACTIVE";
    deployment.pendingCount = 0;
  }
  service.deploymentsMade += 1;
  const id = `ecs-svc/${String(service.deploymentsMade).padStart(19, "0")}`;
  const times = { createdAtMs: world.nowMs, updatedAtMs: world.nowMs };
  service.deployments = [
    { id, status: "PRIMARY", taskDefinition, runningCount: 0, pendingCount: 0, rolloutState: "IN_PROGRESS", ...times },
    ...service.deployments.filter((one) => one.runningCount > 0),
  ];
  record(world, "deployment-started", { arn: service.arn, taskDefinition });
  reconcile(world, service);
};

/** Changes how many tasks there should be: fewer stop at once, more have to start. */
export const scale = (world: World, service: EcsService, desiredCount: number): void => {
  service.desiredCount = desiredCount;
  reconcile(world, service);
};

/** Handles the service's agenda items: a task of the named deployment has started, or it is time to look again. */
export const happenToService = (world: World, service: EcsService, what: string, deploymentId: string): void => {
  if (what === "task-started") {
    const deployment = service.deployments.find((one) => one.id === deploymentId);
    if (deployment === undefined || deployment.pendingCount === 0) return;
    deployment.pendingCount -= 1;
    deployment.runningCount += 1;
    deployment.updatedAtMs = world.nowMs;
  }
  reconcile(world, service);
};

const START_MS = [25_000, 70_000] as const; // image pull, start, health check
const LOOK_AGAIN_MS = 30_000;

const reconcile = (world: World, service: EcsService): void => {
  stopSurplus(service);
  startMissing(world, service);
  const primary = primaryOf(service);
  service.deployments = service.deployments.filter((one) => one === primary || one.runningCount > 0);
  const isComplete = primary.runningCount >= service.desiredCount && service.deployments.length === 1;
  if (!isComplete || primary.rolloutState === "COMPLETED") return;
  primary.rolloutState = "COMPLETED";
  primary.updatedAtMs = world.nowMs;
  record(world, "deployment-completed", { arn: service.arn, taskDefinition: primary.taskDefinition });
};

const stopSurplus = (service: EcsService): void => {
  let surplus = runningCount(service) - service.desiredCount;
  for (const deployment of [...service.deployments].reverse()) {
    const stopped = Math.min(Math.max(surplus, 0), deployment.runningCount);
    deployment.runningCount -= stopped;
    surplus -= stopped;
  }
  const primary = primaryOf(service);
  primary.pendingCount = Math.max(0, Math.min(primary.pendingCount, service.desiredCount - primary.runningCount));
};

/** Starts a third of the tasks at a time, as far as the cluster has room. */
const startMissing = (world: World, service: EcsService): void => {
  const primary = primaryOf(service);
  const missing = service.desiredCount - primary.runningCount - primary.pendingCount;
  const batch = Math.max(1, Math.ceil(service.desiredCount / 3)) - primary.pendingCount;
  const startable = Math.min(missing, batch, roomIn(world, service));
  for (let task = 0; task < startable; task += 1) {
    service.tasksStarted += 1;
    primary.pendingCount += 1;
    const startMs = Math.round(between(streamOf(world, service.arn, "task-start"), service.tasksStarted, ...START_MS));
    const what = { kind: "resource", arn: service.arn, what: "task-started", subject: primary.id } as const;
    schedule(world, world.nowMs + startMs, what);
  }
  if (missing > 0 && primary.pendingCount === 0)
    schedule(world, world.nowMs + LOOK_AGAIN_MS, {
      kind: "resource",
      arn: service.arn,
      what: "look-again",
      subject: "",
    });
};

const roomIn = (world: World, service: EcsService): number => {
  const cluster = clusterNamed(world, service.cluster);
  const neighbours = resourcesOfKind(world, isEcsService).filter((one) => one.cluster === service.cluster);
  const taken = sum(neighbours, (one) => runningCount(one) + pendingCount(one));
  return Math.max(0, (cluster?.capacityTasks ?? 0) - taken);
};

const sum = <T>(items: readonly T[], of: (item: T) => number): number =>
  items.reduce((total, item) => total + of(item), 0);
