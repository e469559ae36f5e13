import type { ResourceKind, ResourceReader } from "./kind.ts";
import * as shapes from "./shapes.ts";

const kind = (
  { type, nameIn }: shapes.Shape<unknown>,
  load: () => Promise<Readonly<{ reader: ResourceReader }>>,
): ResourceKind => ({
  type,
  owns: (arn) => nameIn(arn) !== null,
  load: async () => (await load()).reader,
});

/** Every kind of resource that can be read. Adding one is a file here, a shape and a line in this list. */
export const RESOURCE_KINDS: readonly ResourceKind[] = [
  kind(shapes.apiDestination, () => import("./api-destination.ts")),
  kind(shapes.apiStage, () => import("./api-stage.ts")),
  kind(shapes.appConfigEnvironment, () => import("./appconfig-environment.ts")),
  kind(shapes.autoScalingGroup, () => import("./auto-scaling-group.ts")),
  kind(shapes.dbCluster, () => import("./db-cluster.ts")),
  kind(shapes.dbInstance, () => import("./db-instance.ts")),
  kind(shapes.dbProxy, () => import("./db-proxy.ts")),
  kind(shapes.distribution, () => import("./distribution.ts")),
  kind(shapes.ecsCluster, () => import("./ecs-cluster.ts")),
  kind(shapes.ecsService, () => import("./ecs-service.ts")),
  kind(shapes.eventSourceMapping, () => import("./event-source-mapping.ts")),
  kind(shapes.lambdaAlias, () => import("./lambda-alias.ts")),
  kind(shapes.lambdaFunction, () => import("./lambda-function.ts")),
  kind(shapes.loadBalancer, () => import("./load-balancer.ts")),
  kind(shapes.queue, () => import("./queue.ts")),
  kind(shapes.replicationGroup, () => import("./replication-group.ts")),
  kind(shapes.table, () => import("./table.ts")),
  kind(shapes.targetGroup, () => import("./target-group.ts")),
];

/** The kind that reads what an ARN names; null where none does: such a resource stands in no graph. */
export const kindOf = (arn: string): ResourceKind | null => RESOURCE_KINDS.find(({ owns }) => owns(arn)) ?? null;
