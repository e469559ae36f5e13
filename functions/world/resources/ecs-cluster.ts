import { answered, type ResourceBehaviour, resourcesOfKind, resourceType } from "../resource-type.ts";
import type { ResourceState, World } from "../state.ts";

/** The cluster gives tasks their room: `capacityTasks` tasks of any of its services, and not one more. */
export type EcsCluster = ResourceState & { readonly kind: "ecs-cluster"; readonly capacityTasks: number };

export const isEcsCluster = (resource: ResourceState): resource is EcsCluster => resource.kind === "ecs-cluster";

/** Finds a cluster by name or ARN, as the ECS API does; null where there is none. */
export const clusterNamed = (world: World, nameOrArn: string): EcsCluster | null =>
  resourcesOfKind(world, isEcsCluster).find((one) => one.arn === nameOrArn || one.name === nameOrArn) ?? null;

const behaviour: ResourceBehaviour<EcsCluster> = {
  kind: "ecs-cluster",
  isOne: isEcsCluster,
  describe: (state) => ({
    type: "AWS::ECS::Cluster",
    zones: 3,
    tags: {},
    attributes: { clusterName: state.name, capacityTasks: state.capacityTasks },
  }),
  configuration: (state) => ({ capacityTasks: state.capacityTasks }),
  serve: (_world, _state, { demand }) => ({
    demand,
    passed: demand,
    errorRate: 0,
    latencyMs: 0,
    utilisation: 0,
    capacity: Number.MAX_SAFE_INTEGER,
    message: null,
    gauges: {},
  }),
  elapse: null,
  samples: () => null,
  happen: null,
  release: null,

  apis: [
    {
      service: "ecs",
      api: "DescribeClusters",
      changes: false,
      answer: (world, input) => {
        const wanted = Array.isArray(input.clusters) ? input.clusters.filter((one) => typeof one === "string") : [];
        return answered({
          clusters: wanted.flatMap((name) => {
            const cluster = clusterNamed(world, name);
            return cluster === null ? [] : [{ clusterArn: cluster.arn, clusterName: cluster.name, status: "ACTIVE" }];
          }),
          failures: wanted
            .filter((name) => clusterNamed(world, name) === null)
            .map((name) => ({ arn: name, reason: "MISSING" })),
        });
      },
    },
  ],
};

export const ecsCluster = resourceType(behaviour);
