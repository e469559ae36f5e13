import type { ResourceType } from "../resource-type.ts";
import type { ResourceState } from "../state.ts";
import { ecsCluster } from "./ecs-cluster.ts";
import { ecsService } from "./ecs-service.ts";
import { lambdaFunction } from "./lambda-function.ts";
import { loadBalancer } from "./load-balancer.ts";
import { rdsInstance } from "./rds-instance.ts";
import { sqsQueue } from "./sqs-queue.ts";

/** Every resource that the world can hold. Adding one is a file here and a line in this list. */
export const RESOURCE_TYPES: readonly ResourceType[] = [
  loadBalancer,
  ecsCluster,
  ecsService,
  lambdaFunction,
  rdsInstance,
  sqsQueue,
];

const byKind: ReadonlyMap<string, ResourceType> = new Map(RESOURCE_TYPES.map((type) => [type.kind, type]));

/** What a resource's own file says of it. Throws on a kind that the list does not hold. */
export const behaviourOf = (state: ResourceState): ResourceType => {
  const type = byKind.get(state.kind);
  if (type === undefined) throw new Error(`${state.arn}: no resource type ${state.kind}; add it to resource-types.ts`);
  return type;
};
