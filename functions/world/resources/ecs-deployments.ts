import { between } from "../random.ts";
import { resourcesOfKind } from "../resource-type.ts";
import { type ResourceState, record, schedule, streamOf, type World } from "../state.ts";
import { roomOf } from "./ecs-cluster.ts";

/** What the code of one task definition does; a good one errs in 5 of 100,000 requests. */
export type TaskDefinition = Readonly<{
  arn: string;
  errorRate: number;
  latencyFactor: number;
  capacityFactor: number;
  message: string | null;
  /** Share of its tasks that pass their health checks at any time; the others are being replaced. 0: none ever starts. */
  healthyShare: number;
  /** Share of a task's memory that it loses for good, per minute. */
  leakPerMinute: number;
}>;

export type Deployment = {
  readonly id: string;
  status: "PRIMARY" | "ACTIVE";
  readonly taskDefinition: string;
  runningCount: number;
  /** Tasks that are starting, by their number in the service, the oldest first. */
  pending: number[];
  failedTasks: number;
  rolloutState: "IN_PROGRESS" | "COMPLETED";
  readonly createdAtMs: number;
  updatedAtMs: number;
  /** Share of its tasks' memory that has leaked. */
  leaked: number;
  /** Running tasks that answer nothing any more. */
  stuckCount: number;
};

/** A service whose tasks are replaced by rolling deployments: minimum healthy 100 %, maximum 200 %. */
export type EcsService = ResourceState & {
  readonly kind: "ecs-service";
  readonly cluster: string;
  /** ARN of the target group that sends it requests; null where callers reach its tasks directly. */
  readonly targetGroup: string | null;
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
  /** When it looks next whether there is room for the tasks that it lacks. */
  looksAtMs: number;
  /** What a request costs its tasks, against what it usually does. */
  workFactor: number;
  /** How often clients repeat a request while the service is saturated; 1: they do not. */
  amplification: number;
  /** Clients that connect anew, as a multiple of the demand: `size` right after a restart, `now` at present. */
  herd: Readonly<{ size: number; now: number; halvesInMinutes: number }>;
  /** Tasks whose pools of connections what they share has room for; null: any number. */
  pooledTasks: number | null;
};

export const isEcsService = (resource: ResourceState): resource is EcsService => resource.kind === "ecs-service";

/** No clients that connect anew. */
export const NO_HERD: EcsService["herd"] = { size: 0, now: 0, halvesInMinutes: 1 };

export const primaryOf = (service: EcsService): Deployment => {
  const [primary] = service.deployments;
  if (primary === undefined) throw new Error(`${service.arn}: a service has a primary deployment at all times`);
  return primary;
};

export const definitionOf = (service: EcsService, { taskDefinition }: Deployment): TaskDefinition => {
  const definition = service.taskDefinitions[taskDefinition];
  if (definition === undefined) throw new Error(`${service.arn}: ${taskDefinition} runs but is not registered`);
  return definition;
};

/** Tasks that pass their health checks. */
export const runningCount = (service: EcsService): number => sum(service.deployments, (one) => healthyIn(service, one));
export const pendingCount = (service: EcsService): number => sum(service.deployments, (one) => one.pending.length);

/** Tasks of one deployment that pass their health checks, as ECS counts them. */
export const healthyIn = (service: EcsService, deployment: Deployment): number =>
  Math.round(deployment.runningCount * definitionOf(service, deployment).healthyShare);

/** Tasks that take room in the cluster. */
export const placedCount = (service: EcsService): number =>
  sum(service.deployments, (one) => one.runningCount + one.pending.length);

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
    deployment.pending = [];
  }
  service.deploymentsMade += 1;
  service.amplification = 1;
  service.herd = { ...service.herd, now: service.herd.size };
  const primary: Deployment = {
    id: `ecs-svc/${String(service.deploymentsMade).padStart(19, "0")}`,
    status: "PRIMARY",
    taskDefinition,
    runningCount: 0,
    pending: [],
    failedTasks: 0,
    rolloutState: "IN_PROGRESS",
    createdAtMs: world.nowMs,
    updatedAtMs: world.nowMs,
    leaked: 0,
    stuckCount: 0,
  };
  service.deployments = [primary, ...service.deployments.filter((one) => one.runningCount > 0)];
  record(world, "deployment-started", { arn: service.arn, taskDefinition });
  reconcile(world, service);
};

/** Changes how many tasks there should be: fewer stop at once, more have to start. */
export const scale = (world: World, service: EcsService, desiredCount: number): void => {
  service.desiredCount = desiredCount;
  reconcile(world, service);
};

/** Tasks die, the oldest deployment's first, and are replaced as far as others start. */
export const loseTasks = (world: World, service: EcsService, count: number): void => {
  let left = count;
  for (const deployment of [...service.deployments].reverse()) left -= stop(deployment, left);
  reconcile(world, service);
};

/** Starts the tasks for which a cluster has had no room, as far as it has room now. */
export const placeWaiting = (world: World, cluster: string): void => {
  for (const service of resourcesOfKind(world, isEcsService))
    if (service.cluster === cluster) reconcile(world, service);
};

/** Handles the service's agenda items: a task has started, some died, requests cost what they did, or it is time to look. */
export const happenToService = (world: World, service: EcsService, what: string, subject: string): void => {
  if (what === "usual-work") service.workFactor = 1;
  if (what === "tasks-lost") loseTasks(world, service, Number(subject));
  if (what === "task-started") {
    const deployment = service.deployments.find(({ pending }) => pending.includes(Number(subject)));
    // It may have been stopped before it had started.
    if (deployment === undefined) return;
    taskStarted(world, service, deployment, Number(subject));
  }
  reconcile(world, service);
};

const taskStarted = (world: World, service: EcsService, deployment: Deployment, task: number): void => {
  deployment.pending = deployment.pending.filter((one) => one !== task);
  deployment.updatedAtMs = world.nowMs;
  if (definitionOf(service, deployment).healthyShare === 0) deployment.failedTasks += 1;
  else {
    deployment.leaked *= deployment.runningCount / (deployment.runningCount + 1);
    deployment.runningCount += 1;
  }
};

const START_MS = [25_000, 70_000] as const; // image pull, start, health check
const LOOK_AGAIN_MS = 180_000; // new instances are seen at once; only room that others leave is not
/** ECS restarts tasks that keep failing ever later; AWS documents neither the steps nor the most. */
const LATER_MS = 20_000;
const MOST_LATER_MS = 300_000;

const reconcile = (world: World, service: EcsService): void => {
  stopSurplus(service);
  startMissing(world, service);
  const primary = primaryOf(service);
  service.deployments = service.deployments.filter((one) => one === primary || one.runningCount > 0);
  const isComplete = healthyIn(service, primary) >= service.desiredCount && service.deployments.length === 1;
  if (!isComplete || primary.rolloutState === "COMPLETED") return;
  primary.rolloutState = "COMPLETED";
  primary.updatedAtMs = world.nowMs;
  record(world, "deployment-completed", { arn: service.arn, taskDefinition: primary.taskDefinition });
};

const stopSurplus = (service: EcsService): void => {
  let surplus = sum(service.deployments, (one) => one.runningCount) - service.desiredCount;
  for (const deployment of [...service.deployments].reverse()) surplus -= stop(deployment, surplus);
  const primary = primaryOf(service);
  primary.pending = primary.pending.slice(0, Math.max(0, service.desiredCount - primary.runningCount));
};

/** Stops up to so many tasks of a deployment, well and stuck ones alike; how many it stopped. */
const stop = (deployment: Deployment, most: number): number => {
  const stopped = Math.min(Math.max(most, 0), deployment.runningCount);
  if (stopped === 0) return 0;
  deployment.stuckCount *= 1 - stopped / deployment.runningCount;
  deployment.runningCount -= stopped;
  return stopped;
};

/** Starts a third of the tasks at a time, as far as the cluster has room; one at a time where none comes up. */
const startMissing = (world: World, service: EcsService): void => {
  const primary = primaryOf(service);
  const missing = service.desiredCount - primary.runningCount - primary.pending.length;
  const together = primary.failedTasks > 0 ? 1 : Math.max(1, Math.ceil(service.desiredCount / 3));
  const startable = Math.min(missing, together - primary.pending.length, roomIn(world, service));
  for (let task = 0; task < startable; task += 1) {
    service.tasksStarted += 1;
    primary.pending.push(service.tasksStarted);
    const startMs = Math.round(between(streamOf(world, service.arn, "task-start"), service.tasksStarted, ...START_MS));
    const laterMs = Math.min(MOST_LATER_MS, primary.failedTasks * LATER_MS);
    const what = {
      kind: "resource",
      arn: service.arn,
      what: "task-started",
      subject: String(service.tasksStarted),
    } as const;
    schedule(world, world.nowMs + startMs + laterMs, what);
  }
  if (missing <= 0 || primary.pending.length > 0 || service.looksAtMs > world.nowMs) return;
  service.looksAtMs = world.nowMs + LOOK_AGAIN_MS;
  schedule(world, service.looksAtMs, { kind: "resource", arn: service.arn, what: "look-again", subject: "" });
};

const roomIn = (world: World, service: EcsService): number => {
  const neighbours = resourcesOfKind(world, isEcsService).filter((one) => one.cluster === service.cluster);
  return Math.max(0, roomOf(world, service.cluster) - sum(neighbours, placedCount));
};

const sum = <T>(items: readonly T[], of: (item: T) => number): number =>
  items.reduce((total, item) => total + of(item), 0);
