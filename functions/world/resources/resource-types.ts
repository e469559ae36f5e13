import type { ResourceType } from "../resource-type.ts";
import type { ResourceState } from "../state.ts";
import { apiStage } from "./api-gateway-stage.ts";
import { appConfigFlags } from "./appconfig-flags.ts";
import { autoScalingGroup } from "./auto-scaling-group.ts";
import { cdnCachePolicy } from "./cdn-cache-policy.ts";
import { cdnDistribution } from "./cdn-distribution.ts";
import { certificate } from "./certificate.ts";
import { dynamoDbTable } from "./dynamodb-table.ts";
import { ecsCluster } from "./ecs-cluster.ts";
import { ecsService } from "./ecs-service.ts";
import { elastiCacheGroup } from "./elasticache-group.ts";
import { externalApi } from "./external-api.ts";
import { lambdaAccountType } from "./lambda-account.ts";
import { eventSourceMapping } from "./lambda-event-source.ts";
import { lambdaFunction } from "./lambda-function.ts";
import { loadBalancer } from "./load-balancer.ts";
import { rdsInstance, rdsReplica } from "./rds-instance.ts";
import { rdsProxy } from "./rds-proxy.ts";
import { sqsQueue } from "./sqs-queue.ts";

/** Every resource that the world can hold. Adding one is a file here and a line in this list. */
export const RESOURCE_TYPES: readonly ResourceType[] = [
  apiStage,
  appConfigFlags,
  autoScalingGroup,
  cdnCachePolicy,
  cdnDistribution,
  certificate,
  externalApi,
  loadBalancer,
  ecsCluster,
  ecsService,
  eventSourceMapping,
  lambdaAccountType,
  lambdaFunction,
  dynamoDbTable,
  elastiCacheGroup,
  rdsInstance,
  rdsProxy,
  rdsReplica,
  sqsQueue,
];

const byKind: ReadonlyMap<string, ResourceType> = new Map(RESOURCE_TYPES.map((type) => [type.kind, type]));

/** What a resource's own file says of it. Throws on a kind that the list does not hold. */
export const behaviourOf = (state: ResourceState): ResourceType => {
  const type = byKind.get(state.kind);
  if (type === undefined) throw new Error(`${state.arn}: no resource type ${state.kind}; add it to resource-types.ts`);
  return type;
};
