import { APIGatewayClient } from "@aws-sdk/client-api-gateway";
import { AppConfigClient } from "@aws-sdk/client-appconfig";
import { AutoScalingClient } from "@aws-sdk/client-auto-scaling";
import { CloudFrontClient } from "@aws-sdk/client-cloudfront";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { ECSClient } from "@aws-sdk/client-ecs";
import { ElasticLoadBalancingV2Client } from "@aws-sdk/client-elastic-load-balancing-v2";
import { ElastiCacheClient } from "@aws-sdk/client-elasticache";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { RDSClient } from "@aws-sdk/client-rds";
import { SQSClient } from "@aws-sdk/client-sqs";
import { settingsSchema } from "../../../core/settings.ts";
import type { clientFor } from "../loopback.fixture.ts";
import type { ControlPlanes } from "./kind.ts";

/** Control planes that all answer under one address. */
export const planesAt = (config: ReturnType<typeof clientFor>): ControlPlanes => ({
  apiGateway: new APIGatewayClient(config),
  appConfig: new AppConfigClient(config),
  autoScaling: new AutoScalingClient(config),
  cloudFront: new CloudFrontClient(config),
  dynamoDb: new DynamoDBClient(config),
  ecs: new ECSClient(config),
  elastiCache: new ElastiCacheClient(config),
  lambda: new LambdaClient(config),
  loadBalancing: new ElasticLoadBalancingV2Client(config),
  rds: new RDSClient(config),
  // The SDK would compare checksums of bodies that a loopback made up.
  sqs: new SQSClient({ ...config, md5: false }),
});

const sli = (name: string) => ({
  name,
  metric: { namespace: "AWS/ECS", metricName: name, dimensions: {} },
  bad: "above" as const,
  limit: 1,
  role: "saturation" as const,
});

/** Settings of an account that has these services and nothing else. */
export const settingsOf = (
  place: Readonly<{ account: string; region: string }>,
  services: Readonly<Record<string, Readonly<{ resources: readonly string[]; dependsOn?: readonly string[] }>>>,
) =>
  settingsSchema.parse({
    ...place,
    services: Object.entries(services).map(([name, { resources, dependsOn = [] }]) => ({
      name,
      resources: [...resources],
      dependsOn: [...dependsOn],
      slis: [sli("one"), sli("other")],
    })),
  });

/** The operation that a request asks for, whatever its protocol: `DescribeServices`, or `GET /path`. */
export const operationOf = (
  sent: Readonly<{ method: string; path: string; headers: Readonly<Record<string, string | undefined>>; body: Buffer }>,
): string => {
  const target = sent.headers["x-amz-target"];
  if (target !== undefined) return target.slice(target.lastIndexOf(".") + 1);
  const action = new URLSearchParams(sent.body.toString("utf8")).get("Action");
  return action ?? `${sent.method} ${sent.path.split("?")[0]?.replace(/\/$/, "")}`;
};
