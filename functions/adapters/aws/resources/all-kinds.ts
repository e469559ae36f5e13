import { apiDestination } from "./api-destination.ts";
import { apiStage } from "./api-stage.ts";
import { appConfigEnvironment } from "./appconfig-environment.ts";
import { autoScalingGroup } from "./auto-scaling-group.ts";
import { dbCluster } from "./db-cluster.ts";
import { dbInstance } from "./db-instance.ts";
import { dbProxy } from "./db-proxy.ts";
import { distribution } from "./distribution.ts";
import { ecsCluster } from "./ecs-cluster.ts";
import { ecsService } from "./ecs-service.ts";
import { eventSourceMapping } from "./event-source-mapping.ts";
import type { ResourceKind } from "./kind.ts";
import { lambdaAlias } from "./lambda-alias.ts";
import { lambdaFunction } from "./lambda-function.ts";
import { loadBalancer } from "./load-balancer.ts";
import { queue } from "./queue.ts";
import { replicationGroup } from "./replication-group.ts";
import { table } from "./table.ts";
import { targetGroup } from "./target-group.ts";

/** Every kind of resource that can be read. Adding one is a file here and a line in this list. */
export const RESOURCE_KINDS: readonly ResourceKind[] = [
  apiDestination,
  apiStage,
  appConfigEnvironment,
  autoScalingGroup,
  dbCluster,
  dbInstance,
  dbProxy,
  distribution,
  ecsCluster,
  ecsService,
  eventSourceMapping,
  lambdaAlias,
  lambdaFunction,
  loadBalancer,
  queue,
  replicationGroup,
  table,
  targetGroup,
];

/** The kind that reads what an ARN names; null where none does: such a resource stands in no graph. */
export const kindOf = (arn: string): ResourceKind | null => RESOURCE_KINDS.find(({ owns }) => owns(arn)) ?? null;
