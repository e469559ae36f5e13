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
import { clientSettings } from "../../adapters/aws/clients.ts";
import type { ControlPlanes } from "../../adapters/aws/resources/kind.ts";

/** One client of each service whose resources are read. */
export const controlPlanes = (): ControlPlanes => {
  const made = clientSettings(process.env);
  return {
    apiGateway: new APIGatewayClient(made),
    appConfig: new AppConfigClient(made),
    autoScaling: new AutoScalingClient(made),
    cloudFront: new CloudFrontClient(made),
    dynamoDb: new DynamoDBClient(made),
    ecs: new ECSClient(made),
    elastiCache: new ElastiCacheClient(made),
    lambda: new LambdaClient(made),
    loadBalancing: new ElasticLoadBalancingV2Client(made),
    rds: new RDSClient(made),
    sqs: new SQSClient(made),
  };
};
