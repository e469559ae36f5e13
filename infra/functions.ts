import { Annotations, Duration, RemovalPolicy } from "aws-cdk-lib";
import type { Table } from "aws-cdk-lib/aws-dynamodb";
import { type ManagedPolicy, type Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import {
  type Alias,
  Architecture,
  Code,
  type FunctionOptions,
  Function as LambdaFunction,
  Runtime,
  Tracing,
} from "aws-cdk-lib/aws-lambda";
import { LogGroup } from "aws-cdk-lib/aws-logs";
import type { Bucket } from "aws-cdk-lib/aws-s3";
import type { Topic } from "aws-cdk-lib/aws-sns";
import type { Queue } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import { PINS, SURROUNDINGS, type Surrounding, variableOf } from "../functions/adapters/aws/surroundings.ts";
import type { Configuration } from "../functions/core/configuration.ts";
import { catalogue } from "../runbooks/catalogue.ts";
import { bundleOf } from "./bundle.ts";
import { functionGrants } from "./function-permissions.ts";
import { roleFor } from "./grants.ts";
import { type FunctionName, LIVE, METRICS, type Names } from "./names.ts";
import { proxyEnvironment, putInNetwork } from "./network.ts";
import { pinsOf } from "./pins.ts";

/** What every function is made in: names of what stands, and the boundary that holds its role. */
export type Surroundings = Readonly<{
  configuration: Configuration;
  names: Names;
  boundary: ManagedPolicy;
  ledger: Table;
  approvals: Table;
  records: Bucket;
  pages: Topic;
  alarms: Queue;
}>;

const DAY_SECONDS = 86_400;
/** No call of Lambda runs longer (docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html). */
const LONGEST_SECONDS = 900;
/** A whole vCPU goes with so much memory (docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html). */
const ONE_CPU_MB = 1769;

type Machine = Readonly<{ memoryMb: number; timeoutSeconds: number }>;

/** How large each function is, and how long one call of it may take. */
const machineOf = (name: FunctionName, { settings }: Configuration): Machine => {
  const model = settings.drafter.deadlineSeconds;
  const machines: Readonly<Record<FunctionName, Machine>> = {
    intake: { memoryMb: 512, timeoutSeconds: 30 },
    // It suspends while it waits; between two waits it reads the account, asks the model and runs the network.
    respond: { memoryMb: ONE_CPU_MB, timeoutSeconds: Math.min(LONGEST_SECONDS, 240 + model) },
    draft: { memoryMb: 512, timeoutSeconds: Math.min(LONGEST_SECONDS, 30 + model) },
    // Slack waits three seconds, a cold start included.
    slack: { memoryMb: 1024, timeoutSeconds: 10 },
    reconcile: { memoryMb: 1024, timeoutSeconds: 300 },
    changes: { memoryMb: 512, timeoutSeconds: 60 },
  };
  return machines[name];
};

/** A function of the agent: its code, its role, its logs. */
export class QuellFunction extends Construct {
  readonly function: LambdaFunction;
  readonly role: Role;

  constructor(scope: Construct, name: FunctionName, given: Surroundings & Readonly<{ respond?: Alias }>) {
    super(scope, name.charAt(0).toUpperCase() + name.slice(1));
    const { configuration, names, boundary } = given;
    const architecture = architectureOf(this, configuration);
    const bundle = bundleOf(name, { configuration, architecture });
    const { memoryMb, timeoutSeconds } = machineOf(name, configuration);
    this.role = roleFor(this, "Role", {
      name: names.functionRole(name),
      description: `What ${name} of Quell may do`,
      trusts: new ServicePrincipal("lambda.amazonaws.com"),
      grants: functionGrants(name, { configuration, names, catalogue }),
      boundary,
    });
    this.function = new LambdaFunction(this, "Function", {
      functionName: names.functionName(name),
      runtime: Runtime.NODEJS_24_X,
      architecture: architecture === "arm64" ? Architecture.ARM_64 : Architecture.X86_64,
      handler: "index.handler",
      code: Code.fromAsset(bundle.folder),
      role: this.role.withoutPolicyUpdates(),
      memorySize: memoryMb,
      timeout: Duration.seconds(timeoutSeconds),
      tracing: Tracing.ACTIVE,
      logGroup: logGroupFor(this, names.logGroup(name), configuration),
      environment: environmentOf(name, given, bundle.hash),
      ...durability(name, configuration),
      ...reserved(name, configuration),
    });
    putInNetwork(this.function, name, configuration);
    Annotations.of(this.function).acknowledgeInfo(
      "aws-lambda:Function.DurableConfig",
      "respond was durable from the first",
    );
  }
}

/** Where an incident lives until it is over; an execution that runs keeps the version that it began with. */
export const liveAlias = (respond: LambdaFunction): Alias =>
  respond.addAlias(LIVE, { retryAttempts: 2, maxEventAge: Duration.hours(1) });

/** Of a function's logs, and of whatever else speaks of it. */
export const logGroupFor = (scope: Construct, name: string, { logRetentionDays }: Configuration): LogGroup =>
  new LogGroup(scope, "Logs", {
    logGroupName: name,
    retention: logRetentionDays,
    removalPolicy: RemovalPolicy.DESTROY,
  });

/** Of the configuration, unless `--context arch=` says what the machine at hand runs: an emulator has the host's CPU. */
const architectureOf = (scope: Construct, { architecture }: Configuration): Configuration["architecture"] => {
  const asked: unknown = scope.node.tryGetContext("arch");
  if (asked === undefined) return architecture;
  if (asked === "arm64" || asked === "x86_64") return asked;
  throw new RangeError(`--context arch=${String(asked)}: arm64 or x86_64`);
};

const durability = (name: FunctionName, { settings }: Configuration): Partial<FunctionOptions> =>
  name === "respond"
    ? {
        durableConfig: {
          // Watching what people do after they were handed an incident is the longest of its waits.
          executionTimeout: Duration.seconds(2 * DAY_SECONDS + settings.handoverSeconds),
          retentionPeriod: Duration.days(30),
        },
        currentVersionOptions: { removalPolicy: RemovalPolicy.RETAIN },
      }
    : {};

const reserved = (name: FunctionName, { reservedConcurrency }: Configuration): Partial<FunctionOptions> => {
  const most = name === "intake" || name === "respond" ? reservedConcurrency[name] : undefined;
  return most === undefined ? {} : { reservedConcurrentExecutions: most };
};

/** The function that talks to a model is told nothing of what stands around it. */
const environmentOf = (
  name: FunctionName,
  given: Surroundings & Readonly<{ respond?: Alias }>,
  hash: string,
): Record<string, string> => {
  const told: Partial<Record<Surrounding, string>> = {
    codeHash: hash,
    ...(name === "draft"
      ? {}
      : {
          ledgerTable: given.ledger.tableName,
          approvalsTable: given.approvals.tableName,
          bucket: given.records.bucketName,
          pageTopicArn: given.pages.topicArn,
          intakeQueueUrl: given.alarms.queueUrl,
        }),
    // By its name: of itself a function cannot be told what CloudFormation made of it.
    ...(name === "respond"
      ? {
          ...{ draftArn: given.names.functionArn("draft"), respondArn: given.names.liveArn },
          ...pinsOf(given.configuration),
        }
      : {}),
    ...(given.respond === undefined ? {} : { respondArn: given.respond.functionArn }),
  };
  return {
    POWERTOOLS_SERVICE_NAME: given.names.functionName(name),
    POWERTOOLS_METRICS_NAMESPACE: METRICS,
    ...proxyEnvironment(given.configuration),
    ...Object.fromEntries(
      [...SURROUNDINGS, ...PINS].flatMap((key) => {
        const value = told[key];
        return value === undefined ? [] : [[variableOf(key), value]];
      }),
    ),
  };
};
