import type { Json } from "../../core/json.ts";
import { type ApiHandler, type ApiInput, answered, failed, resourcesOfKind, textOf } from "../resource-type.ts";
import type { World } from "../state.ts";
import type { ApiReply } from "../types.ts";
import { clusterNamed } from "./ecs-cluster.ts";
import {
  type Deployment,
  deploy,
  type EcsService,
  healthyIn,
  isEcsService,
  pendingCount,
  primaryOf,
  runningCount,
  scale,
} from "./ecs-deployments.ts";

const serviceNamed = (world: World, cluster: string, nameOrArn: string): EcsService | null =>
  resourcesOfKind(world, isEcsService).find(
    (one) => one.cluster === cluster && (one.arn === nameOrArn || one.name === nameOrArn),
  ) ?? null;

/** Accepts `family:revision` or the whole ARN. */
const taskDefinitionNamed = (service: EcsService, name: string): string | null =>
  Object.keys(service.taskDefinitions).find((arn) => arn === name || arn.endsWith(`task-definition/${name}`)) ?? null;

const showDeployment = (service: EcsService, deployment: Deployment): Json => ({
  id: deployment.id,
  status: deployment.status,
  taskDefinition: deployment.taskDefinition,
  desiredCount: deployment.status === "PRIMARY" ? service.desiredCount : deployment.runningCount,
  pendingCount: deployment.pending.length,
  runningCount: healthyIn(service, deployment),
  failedTasks: deployment.failedTasks,
  rolloutState: deployment.rolloutState,
  createdAt: deployment.createdAtMs / 1000,
  updatedAt: deployment.updatedAtMs / 1000,
});

const showService = (service: EcsService): Json => ({
  serviceArn: service.arn,
  serviceName: service.name,
  clusterArn: service.cluster,
  status: "ACTIVE",
  desiredCount: service.desiredCount,
  runningCount: runningCount(service),
  pendingCount: pendingCount(service),
  taskDefinition: primaryOf(service).taskDefinition,
  launchType: "EC2",
  deploymentConfiguration: { maximumPercent: 200, minimumHealthyPercent: 100 },
  deployments: service.deployments.map((deployment) => showDeployment(service, deployment)),
});

const describeServices = (world: World, input: ApiInput): ApiReply => {
  const cluster = clusterNamed(world, textOf(input, "cluster") ?? "default");
  if (cluster === null) return failed("ClusterNotFoundException", "Cluster not found.");
  const wanted = Array.isArray(input.services) ? input.services.filter((one) => typeof one === "string") : [];
  if (wanted.length === 0) return failed("InvalidParameterException", "Services cannot be empty.");
  const found = wanted.map((name) => ({ name, service: serviceNamed(world, cluster.arn, name) }));
  return answered({
    services: found.flatMap(({ service }) => (service === null ? [] : [showService(service)])),
    failures: found.flatMap(({ name, service }) => (service === null ? [{ arn: name, reason: "MISSING" }] : [])),
  });
};

const updateService = (world: World, input: ApiInput): ApiReply => {
  const cluster = clusterNamed(world, textOf(input, "cluster") ?? "default");
  if (cluster === null) return failed("ClusterNotFoundException", "Cluster not found.");
  const service = serviceNamed(world, cluster.arn, textOf(input, "service") ?? "");
  if (service === null) return failed("ServiceNotFoundException", "Service not found.");
  const { desiredCount } = input;
  if (
    desiredCount !== undefined &&
    !(typeof desiredCount === "number" && Number.isInteger(desiredCount) && desiredCount >= 0)
  )
    return failed("InvalidParameterException", "desiredCount must be a whole number that is not negative.");
  const name = textOf(input, "taskDefinition");
  const taskDefinition = name === null ? primaryOf(service).taskDefinition : taskDefinitionNamed(service, name);
  if (taskDefinition === null) return failed("ClientException", "Unable to describe task definition.");
  if (typeof desiredCount === "number") scale(world, service, desiredCount);
  if (taskDefinition !== primaryOf(service).taskDefinition || input.forceNewDeployment === true)
    deploy(world, service, taskDefinition);
  return answered({ service: showService(service) });
};

const describeTaskDefinition = (world: World, input: ApiInput): ApiReply => {
  const name = textOf(input, "taskDefinition") ?? "";
  for (const service of resourcesOfKind(world, isEcsService)) {
    const arn = taskDefinitionNamed(service, name);
    if (arn === null) continue;
    const [family, revision] = arn.slice(arn.lastIndexOf("/") + 1).split(":");
    const described = { taskDefinitionArn: arn, family: family ?? "", revision: Number(revision), status: "ACTIVE" };
    return answered({ taskDefinition: described });
  }
  return failed("ClientException", "Unable to describe task definition.");
};

export const ecsApis: readonly ApiHandler[] = [
  { service: "ecs", api: "DescribeServices", changes: false, answer: describeServices },
  { service: "ecs", api: "DescribeTaskDefinition", changes: false, answer: describeTaskDefinition },
  { service: "ecs", api: "UpdateService", changes: true, answer: updateService },
];
