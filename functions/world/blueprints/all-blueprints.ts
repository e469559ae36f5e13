import { apiLambda } from "./api-lambda.ts";
import { asgInner, asgWeb } from "./asg-web.ts";
import { withCertificate, withFlags } from "./attachments.ts";
import type { Blueprint } from "./blueprint.ts";
import { elastiCache } from "./cache-elasticache.ts";
import { cdnWeb } from "./cdn-web.ts";
import { dynamoDbOnDemand, dynamoDbProvisioned } from "./dynamodb-store.ts";
import { ecsBalanced, ecsConnected } from "./ecs-inner.ts";
import { ecsWeb } from "./ecs-web.ts";
import { outsideApi } from "./outside-api.ts";
import { queueWorker } from "./queue-worker.ts";
import { rdsProxied, rdsReplicated, rdsStore } from "./rds-store.ts";

/** Every way to build a service. Adding one is a file here and a line in this list. */
export const BLUEPRINTS: readonly Blueprint[] = [
  ecsWeb,
  asgWeb,
  apiLambda,
  cdnWeb,
  ecsConnected,
  ecsBalanced,
  asgInner,
  queueWorker,
  rdsStore,
  rdsReplicated,
  rdsProxied,
  dynamoDbProvisioned,
  dynamoDbOnDemand,
  elastiCache,
  outsideApi,
  withFlags(ecsWeb, 2),
  withFlags(apiLambda, 1),
  withFlags(ecsConnected, 2),
  withFlags(queueWorker, 2),
  withCertificate(ecsBalanced, 2),
];

/** The blueprint of this id. Throws RangeError where there is none. */
export const blueprintNamed = (id: string): Blueprint => {
  const found = BLUEPRINTS.find((blueprint) => blueprint.id === id);
  if (found === undefined) throw new RangeError(`no blueprint is called ${id}`);
  return found;
};
