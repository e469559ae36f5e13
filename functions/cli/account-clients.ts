import { clientSettings, clientsWith, type SdkClient } from "../adapters/aws/clients.ts";

/** What a call may do: a client that was made for reading sends nothing else, whoever holds it. */
export type Access = "read" | "write";

/** The operations that only read, by AWS's own words for them. */
export const READS = /^(Describe|Get|List|Lookup|Head|Simulate)/;

/** A client that was made for reading was asked to write. */
export class WouldWrite extends Error {
  override readonly name = "WouldWrite";
}

type Handler = (args: unknown) => Promise<unknown>;

/** Refuses, before anything is sent, every operation that does not read. */
const onlyReading = <C extends SdkClient>(client: C): C => {
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
  const clientOf = clientsWith(settings, access === "read" ? onlyReading : undefined);
  return {
    region,
    /** The same by their class, for whoever brings it. */
    clientOf,
    cloudFormation: async () => clientOf((await import("@aws-sdk/client-cloudformation")).CloudFormationClient),
    cloudTrail: async () => clientOf((await import("@aws-sdk/client-cloudtrail")).CloudTrailClient),
    cloudWatch: async () => clientOf((await import("@aws-sdk/client-cloudwatch")).CloudWatchClient),
    dynamoDb: async () => clientOf((await import("@aws-sdk/client-dynamodb")).DynamoDBClient),
    ec2: async () => clientOf((await import("@aws-sdk/client-ec2")).EC2Client),
    iam: async () => clientOf((await import("@aws-sdk/client-iam")).IAMClient),
    lambda: async () => clientOf((await import("@aws-sdk/client-lambda")).LambdaClient),
    loadBalancing: async () =>
      clientOf((await import("@aws-sdk/client-elastic-load-balancing-v2")).ElasticLoadBalancingV2Client),
    logs: async () => clientOf((await import("@aws-sdk/client-cloudwatch-logs")).CloudWatchLogsClient),
    s3: async () => clientOf((await import("@aws-sdk/client-s3")).S3Client),
    secrets: async () => clientOf((await import("@aws-sdk/client-secrets-manager")).SecretsManagerClient),
    serviceQuotas: async () => clientOf((await import("@aws-sdk/client-service-quotas")).ServiceQuotasClient),
    sns: async () => clientOf((await import("@aws-sdk/client-sns")).SNSClient),
    sqs: async () => clientOf((await import("@aws-sdk/client-sqs")).SQSClient),
    ssm: async () => clientOf((await import("@aws-sdk/client-ssm")).SSMClient),
    sts: async () => clientOf((await import("@aws-sdk/client-sts")).STSClient),
  };
};

export type AccountClients = ReturnType<typeof accountClients>;
