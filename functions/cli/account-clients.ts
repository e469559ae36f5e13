import { clientSettings } from "../adapters/aws/clients.ts";
import { once } from "../core/once.ts";

/** What a call may do: a client that was made for reading sends nothing else, whoever holds it. */
export type Access = "read" | "write";

/** The operations that only read, by AWS's own words for them. */
export const READS = /^(Describe|Get|List|Lookup|Head|Simulate)/;

/** A client that was made for reading was asked to write. */
export class WouldWrite extends Error {
  override readonly name = "WouldWrite";
}

/** Every client of the SDK, as far as it can be told what to do before each call. */
type Client = Readonly<{ middlewareStack: Readonly<{ add(middleware: unknown, options: unknown): void }> }>;
type Handler = (args: unknown) => Promise<unknown>;

/** Refuses, before anything is sent, every operation that does not read. */
const onlyReading = <C extends Client>(client: C): C => {
  const refuseWrites =
    (next: Handler, { commandName = "an unnamed operation" }: Readonly<{ commandName?: string }>): Handler =>
    async (args) => {
      const operation = commandName.replace(/Command$/, "");
      if (READS.test(operation)) return next(args);
      throw new WouldWrite(`${operation}: this command only reads; nothing was sent`);
    };
  client.middlewareStack.add(refuseWrites, { step: "initialize", name: "onlyReading" });
  return client;
};

/**
 * The SDK's clients for one Region, each loaded when it is first asked for: a command weighs what it uses. Credentials and
 * AWS_ENDPOINT_URL are the environment's.
 */
export const accountClients = (
  region: string,
  access: Access,
  env: Readonly<Record<string, string | undefined>> = process.env,
) => {
  const settings = { ...clientSettings(env), region };
  const guarded = <C extends Client>(make: () => Promise<C>): (() => Promise<C>) =>
    once(async () => (access === "read" ? onlyReading(await make()) : make()));
  return {
    region,
    apiGateway: guarded(async () => {
      const { APIGatewayClient } = await import("@aws-sdk/client-api-gateway");
      return new APIGatewayClient(settings);
    }),
    appConfig: guarded(async () => {
      const { AppConfigClient } = await import("@aws-sdk/client-appconfig");
      return new AppConfigClient(settings);
    }),
    autoScaling: guarded(async () => {
      const { AutoScalingClient } = await import("@aws-sdk/client-auto-scaling");
      return new AutoScalingClient(settings);
    }),
    cloudFront: guarded(async () => {
      const { CloudFrontClient } = await import("@aws-sdk/client-cloudfront");
      return new CloudFrontClient(settings);
    }),
    cloudFormation: guarded(async () => {
      const { CloudFormationClient } = await import("@aws-sdk/client-cloudformation");
      return new CloudFormationClient(settings);
    }),
    cloudTrail: guarded(async () => {
      const { CloudTrailClient } = await import("@aws-sdk/client-cloudtrail");
      return new CloudTrailClient(settings);
    }),
    cloudWatch: guarded(async () => {
      const { CloudWatchClient } = await import("@aws-sdk/client-cloudwatch");
      return new CloudWatchClient(settings);
    }),
    dynamoDb: guarded(async () => {
      const { DynamoDBClient } = await import("@aws-sdk/client-dynamodb");
      return new DynamoDBClient(settings);
    }),
    ecs: guarded(async () => {
      const { ECSClient } = await import("@aws-sdk/client-ecs");
      return new ECSClient(settings);
    }),
    elastiCache: guarded(async () => {
      const { ElastiCacheClient } = await import("@aws-sdk/client-elasticache");
      return new ElastiCacheClient(settings);
    }),
    iam: guarded(async () => {
      const { IAMClient } = await import("@aws-sdk/client-iam");
      return new IAMClient(settings);
    }),
    lambda: guarded(async () => {
      const { LambdaClient } = await import("@aws-sdk/client-lambda");
      return new LambdaClient(settings);
    }),
    loadBalancing: guarded(async () => {
      const { ElasticLoadBalancingV2Client } = await import("@aws-sdk/client-elastic-load-balancing-v2");
      return new ElasticLoadBalancingV2Client(settings);
    }),
    logs: guarded(async () => {
      const { CloudWatchLogsClient } = await import("@aws-sdk/client-cloudwatch-logs");
      return new CloudWatchLogsClient(settings);
    }),
    rds: guarded(async () => {
      const { RDSClient } = await import("@aws-sdk/client-rds");
      return new RDSClient(settings);
    }),
    s3: guarded(async () => {
      const { S3Client } = await import("@aws-sdk/client-s3");
      return new S3Client(settings);
    }),
    secrets: guarded(async () => {
      const { SecretsManagerClient } = await import("@aws-sdk/client-secrets-manager");
      return new SecretsManagerClient(settings);
    }),
    serviceQuotas: guarded(async () => {
      const { ServiceQuotasClient } = await import("@aws-sdk/client-service-quotas");
      return new ServiceQuotasClient(settings);
    }),
    sns: guarded(async () => {
      const { SNSClient } = await import("@aws-sdk/client-sns");
      return new SNSClient(settings);
    }),
    sqs: guarded(async () => {
      const { SQSClient } = await import("@aws-sdk/client-sqs");
      return new SQSClient(settings);
    }),
    ssm: guarded(async () => {
      const { SSMClient } = await import("@aws-sdk/client-ssm");
      return new SSMClient(settings);
    }),
    sts: guarded(async () => {
      const { STSClient } = await import("@aws-sdk/client-sts");
      return new STSClient(settings);
    }),
  };
};

export type AccountClients = ReturnType<typeof accountClients>;
