import {
  APIGatewayClient,
  CreateDeploymentCommand,
  CreateResourceCommand,
  CreateRestApiCommand,
  GetResourcesCommand,
  PutIntegrationCommand,
  PutMethodCommand,
} from "@aws-sdk/client-api-gateway";
import {
  AutoScalingClient,
  CreateAutoScalingGroupCommand,
  DescribeAutoScalingGroupsCommand,
} from "@aws-sdk/client-auto-scaling";
import { CloudFrontClient, CreateDistributionCommand } from "@aws-sdk/client-cloudfront";
import { CreateTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import {
  CreateCapacityProviderCommand,
  CreateClusterCommand,
  CreateServiceCommand,
  ECSClient,
  RegisterTaskDefinitionCommand,
} from "@aws-sdk/client-ecs";
import {
  CreateListenerCommand,
  CreateLoadBalancerCommand,
  CreateTargetGroupCommand,
  ElasticLoadBalancingV2Client,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import { CreateReplicationGroupCommand, ElastiCacheClient } from "@aws-sdk/client-elasticache";
import { CreateRoleCommand, IAMClient } from "@aws-sdk/client-iam";
import {
  CreateAliasCommand,
  CreateEventSourceMappingCommand,
  CreateFunctionCommand,
  LambdaClient,
  PutFunctionConcurrencyCommand,
} from "@aws-sdk/client-lambda";
import { CreateDBInstanceCommand, CreateDBInstanceReadReplicaCommand, RDSClient } from "@aws-sdk/client-rds";
import { CreateQueueCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { type Emulator, REGION } from "../../emulators/emulators.fixture.ts";
import type { ClientOf } from "../clients.ts";

export const ACCOUNT = "123456789012";
const at = (service: string, rest: string): string => `arn:aws:${service}:${REGION}:${ACCOUNT}:${rest}`;

/** EC2 is no client of ours; the emulator's subnets and templates come over the wire as they are. */
const ec2 = async (
  emulator: Emulator,
  parameters: Readonly<Record<string, string>>,
  found: RegExp,
): Promise<string[]> => {
  const answer = await fetch(emulator.endpoint, {
    method: "POST",
    headers: {
      "content-type": "application/x-www-form-urlencoded",
      authorization: `AWS4-HMAC-SHA256 Credential=test/20260101/${REGION}/ec2/aws4_request, SignedHeaders=host, Signature=x`,
    },
    body: new URLSearchParams({ Version: "2016-11-15", ...parameters }),
  });
  return [...(await answer.text()).matchAll(found)].map((match) => match[1] ?? "");
};

/** ARNs of what `fillAccount` made, by what it is. */
export type Filled = Readonly<Record<keyof Awaited<ReturnType<typeof fillAccount>>, string>>;

/** Makes one resource of each kind that the emulator knows, as CloudFormation would: a shop with its stores. */
export const fillAccount = async (emulator: Emulator, clientOf: ClientOf) => ({
  ...(await fillWeb(emulator, clientOf)),
  ...(await fillWorker(emulator, clientOf)),
  ...(await fillStores(clientOf)),
});

const fillWeb = async (emulator: Emulator, clientOf: ClientOf) => {
  const [autoScaling, ecs] = [clientOf(AutoScalingClient), clientOf(ECSClient)];
  const loadBalancing = clientOf(ElasticLoadBalancingV2Client);
  const subnets = await ec2(emulator, { Action: "DescribeSubnets" }, /<subnetId>([^<]+)/g);
  const [vpc] = await ec2(emulator, { Action: "DescribeVpcs" }, /<vpcId>([^<]+)/g);
  const data = { "LaunchTemplateData.ImageId": "ami-12c6146b", "LaunchTemplateData.InstanceType": "t3.micro" };
  const template = { Action: "CreateLaunchTemplate", LaunchTemplateName: "shop", ...data };
  const [templateId] = await ec2(emulator, template, /<launchTemplateId>([^<]+)/g);
  const balancer = (await loadBalancing.send(new CreateLoadBalancerCommand({ Name: "shop-web", Subnets: subnets })))
    .LoadBalancers?.[0];
  const group = (
    await loadBalancing.send(
      new CreateTargetGroupCommand({ Name: "shop-web", Protocol: "HTTP", Port: 80, VpcId: vpc, TargetType: "ip" }),
    )
  ).TargetGroups?.[0]?.TargetGroupArn;
  await loadBalancing.send(
    new CreateListenerCommand({
      LoadBalancerArn: balancer?.LoadBalancerArn,
      Protocol: "HTTP",
      Port: 80,
      DefaultActions: [{ Type: "forward", TargetGroupArn: group }],
    }),
  );
  await autoScaling.send(
    new CreateAutoScalingGroupCommand({
      AutoScalingGroupName: "shop-instances",
      ...{ MinSize: 1, MaxSize: 6, DesiredCapacity: 2 },
      LaunchTemplate: { LaunchTemplateId: templateId, Version: "1" },
      AvailabilityZones: [`${REGION}a`, `${REGION}b`],
      Tags: [{ Key: "AmazonECSManaged", Value: "" }],
    }),
  );
  const groups = await autoScaling.send(new DescribeAutoScalingGroupsCommand({}));
  const instances = groups.AutoScalingGroups?.[0]?.AutoScalingGroupARN ?? "";
  await ecs.send(
    new CreateCapacityProviderCommand({
      name: "shop-capacity",
      autoScalingGroupProvider: { autoScalingGroupArn: instances },
    }),
  );
  await ecs.send(new CreateClusterCommand({ clusterName: "shop-prod", capacityProviders: ["shop-capacity"] }));
  await ecs.send(
    new RegisterTaskDefinitionCommand({
      family: "web",
      containerDefinitions: [{ name: "web", image: "web:1", memory: 128 }],
    }),
  );
  const service = await ecs.send(
    new CreateServiceCommand({
      ...{ cluster: "shop-prod", serviceName: "web", taskDefinition: "web:1", desiredCount: 3, launchType: "EC2" },
      loadBalancers: [{ targetGroupArn: group, containerName: "web", containerPort: 80 }],
      tags: [{ key: "team", value: "shop" }],
    }),
  );
  const distribution = await clientOf(CloudFrontClient).send(
    new CreateDistributionCommand({
      DistributionConfig: {
        ...{ CallerReference: "one", Comment: "shop", Enabled: true },
        Origins: {
          Quantity: 1,
          Items: [
            {
              ...{ Id: "web", DomainName: balancer?.DNSName },
              CustomOriginConfig: { HTTPPort: 80, HTTPSPort: 443, OriginProtocolPolicy: "http-only" },
            },
          ],
        },
        DefaultCacheBehavior: {
          ...{ TargetOriginId: "web", ViewerProtocolPolicy: "allow-all", MinTTL: 0 },
          ForwardedValues: { QueryString: false, Cookies: { Forward: "none" } },
        },
      },
    }),
  );
  return {
    balancer: balancer?.LoadBalancerArn ?? "",
    targetGroup: group ?? "",
    instances,
    cluster: at("ecs", "cluster/shop-prod"),
    service: service.service?.serviceArn ?? "",
    distribution: distribution.Distribution?.ARN ?? "",
  };
};

const fillWorker = async (emulator: Emulator, clientOf: ClientOf) => {
  const [lambda, sqs] = [clientOf(LambdaClient), clientOf(SQSClient)];
  // The emulator looks whether Lambda may take the role on.
  const trust = { Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" };
  const AssumeRolePolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: [trust] });
  await new IAMClient(emulator.clientConfig).send(
    new CreateRoleCommand({ RoleName: "orders", AssumeRolePolicyDocument }),
  );
  await sqs.send(new CreateQueueCommand({ QueueName: "orders-dead" }));
  const dead = at("sqs", "orders-dead");
  const redrive = JSON.stringify({ deadLetterTargetArn: dead, maxReceiveCount: 5 });
  const { QueueUrl } = await sqs.send(
    new CreateQueueCommand({ QueueName: "orders", Attributes: { RedrivePolicy: redrive, VisibilityTimeout: "180" } }),
  );
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "one" }));
  await lambda.send(
    new CreateFunctionCommand({
      ...{ FunctionName: "orders", Runtime: "nodejs22.x", Handler: "index.handler", Timeout: 30, Publish: true },
      Role: `arn:aws:iam::${ACCOUNT}:role/orders`,
      Code: { ZipFile: emptyZip() },
    }),
  );
  await lambda.send(new CreateAliasCommand({ FunctionName: "orders", Name: "live", FunctionVersion: "1" }));
  await lambda.send(new PutFunctionConcurrencyCommand({ FunctionName: "orders", ReservedConcurrentExecutions: 20 }));
  const mapping = await lambda.send(
    new CreateEventSourceMappingCommand({
      FunctionName: "orders:live",
      EventSourceArn: at("sqs", "orders"),
      BatchSize: 5,
    }),
  );
  const alias = at("lambda", "function:orders:live");
  return {
    queue: at("sqs", "orders"),
    dead,
    alias,
    function: at("lambda", "function:orders"),
    mapping: at("lambda", `event-source-mapping:${mapping.UUID}`),
    stage: await fillApi(clientOf(APIGatewayClient), alias),
  };
};

const fillApi = async (apiGateway: APIGatewayClient, alias: string): Promise<string> => {
  const { id: restApiId } = await apiGateway.send(new CreateRestApiCommand({ name: "orders-api" }));
  const { items = [] } = await apiGateway.send(new GetResourcesCommand({ restApiId }));
  const { id: resourceId } = await apiGateway.send(
    new CreateResourceCommand({ restApiId, parentId: items[0]?.id, pathPart: "orders" }),
  );
  const method = { restApiId, resourceId, httpMethod: "POST" };
  await apiGateway.send(new PutMethodCommand({ ...method, authorizationType: "NONE" }));
  const uri = `arn:aws:apigateway:${REGION}:lambda:path/2015-03-31/functions/${alias}/invocations`;
  await apiGateway.send(
    new PutIntegrationCommand({ ...method, type: "AWS_PROXY", integrationHttpMethod: "POST", uri }),
  );
  await apiGateway.send(new CreateDeploymentCommand({ restApiId, stageName: "prod" }));
  return `arn:aws:apigateway:${REGION}::/restapis/${restApiId}/stages/prod`;
};

const fillStores = async (clientOf: ClientOf) => {
  const rds = clientOf(RDSClient);
  const sizing = { DBInstanceClass: "db.t3.medium", AllocatedStorage: 100 };
  await rds.send(
    new CreateDBInstanceCommand({
      ...{ DBInstanceIdentifier: "main", Engine: "postgres", ...sizing, MultiAZ: true },
      ...{ MasterUsername: "shop", MasterUserPassword: "not-a-secret" },
    }),
  );
  await rds.send(
    new CreateDBInstanceReadReplicaCommand({ DBInstanceIdentifier: "main-copy", SourceDBInstanceIdentifier: "main" }),
  );
  await clientOf(DynamoDBClient).send(
    new CreateTableCommand({
      TableName: "baskets",
      AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
      KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
      ProvisionedThroughput: { ReadCapacityUnits: 40, WriteCapacityUnits: 20 },
    }),
  );
  await clientOf(ElastiCacheClient).send(
    new CreateReplicationGroupCommand({
      ...{ ReplicationGroupId: "hot", ReplicationGroupDescription: "hot", NumCacheClusters: 2, Engine: "redis" },
      AutomaticFailoverEnabled: true,
    }),
  );
  return {
    database: at("rds", "db:main"),
    copy: at("rds", "db:main-copy"),
    table: at("dynamodb", "table/baskets"),
    cache: at("elasticache", "replicationgroup:hot"),
  };
};

/** The smallest archive: its end record alone. */
const emptyZip = (): Uint8Array => new Uint8Array([0x50, 0x4b, 0x05, 0x06, ...Array.from({ length: 18 }, () => 0)]);
