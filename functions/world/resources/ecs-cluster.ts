import type { Json } from "../../core/json.ts";
import { answered, type ResourceBehaviour, resourcesOfKind, resourceType } from "../resource-type.ts";
import type { ResourceState, World } from "../state.ts";
import { type AutoScalingGroup, inService, isAutoScalingGroup } from "./auto-scaling-fleet.ts";

/** The cluster gives tasks their room: so many on each container instance of its Auto Scaling group, and not one more. */
export type EcsCluster = ResourceState & {
  readonly kind: "ecs-cluster";
  /** ARN of the Auto Scaling group behind its capacity provider. */
  readonly capacityGroup: string;
  readonly tasksPerInstance: number;
  readonly capacityProvider: string;
};

export const isEcsCluster = (resource: ResourceState): resource is EcsCluster => resource.kind === "ecs-cluster";

/** Finds a cluster by name or ARN, as the ECS API does; null where there is none. */
export const clusterNamed = (world: World, nameOrArn: string): EcsCluster | null =>
  resourcesOfKind(world, isEcsCluster).find((one) => one.arn === nameOrArn || one.name === nameOrArn) ?? null;

/** The Auto Scaling group of a cluster. Throws where the world has none. */
export const capacityGroupOf = (world: World, { arn, capacityGroup }: EcsCluster): AutoScalingGroup => {
  const group = world.resources[capacityGroup];
  if (group === undefined || !isAutoScalingGroup(group)) throw new Error(`${arn}: its capacity provider has no group`);
  return group;
};

/** Tasks for which the cluster of this ARN has room, those that run included; 0 where there is none. */
export const roomOf = (world: World, arn: string): number => {
  const cluster = world.resources[arn];
  return cluster === undefined || !isEcsCluster(cluster)
    ? 0
    : inService(capacityGroupOf(world, cluster)) * cluster.tasksPerInstance;
};

const show = (world: World, cluster: EcsCluster): Json => ({
  clusterArn: cluster.arn,
  clusterName: cluster.name,
  status: "ACTIVE",
  registeredContainerInstancesCount: inService(capacityGroupOf(world, cluster)),
  capacityProviders: [cluster.capacityProvider],
});

const behaviour: ResourceBehaviour<EcsCluster> = {
  kind: "ecs-cluster",
  isOne: isEcsCluster,
  describe: (state) => ({
    type: "AWS::ECS::Cluster",
    zones: 3,
    tags: {},
    attributes: {
      clusterName: state.name,
      autoScalingGroup: state.capacityGroup.slice(state.capacityGroup.lastIndexOf("/") + 1),
      tasksPerInstance: state.tasksPerInstance,
    },
  }),
  configuration: (state) => ({ tasksPerInstance: state.tasksPerInstance }),
  serve: null,
  elapse: null,
  samples: () => [],
  happen: null,
  release: null,
  join: (one) => one,
  habits: [],
  apis: [
    {
      service: "ecs",
      api: "DescribeClusters",
      changes: false,
      answer: (world, input) => {
        const wanted = Array.isArray(input.clusters) ? input.clusters.filter((one) => typeof one === "string") : [];
        const found = wanted.map((name) => ({ name, cluster: clusterNamed(world, name) }));
        return answered({
          clusters: found.flatMap(({ cluster }) => (cluster === null ? [] : [show(world, cluster)])),
          failures: found.flatMap(({ name, cluster }) => (cluster === null ? [{ arn: name, reason: "MISSING" }] : [])),
        });
      },
    },
  ],
};

export const ecsCluster = resourceType(behaviour);
