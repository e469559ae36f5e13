import { CloudFormationClient, CreateStackCommand } from "@aws-sdk/client-cloudformation";
import { CloudWatchClient, PutMetricAlarmCommand } from "@aws-sdk/client-cloudwatch";
import { CreateTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { CreateFunctionCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { CreateTopicCommand, SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import { CreateQueueCommand, SQSClient } from "@aws-sdk/client-sqs";
import { functionGrants } from "../../infra/function-permissions.ts";
import type { Grant } from "../../infra/grants.ts";
import { FUNCTIONS, type FunctionName, namesOf } from "../../infra/names.ts";
import { catalogue } from "../../runbooks/catalogue.ts";
import { refusal } from "../adapters/aws/loopback.fixture.ts";
import { answer, type Operation } from "../adapters/aws/operations.fixture.ts";
import { variableOf } from "../adapters/aws/surroundings.ts";
import { LEDGER_KEYS } from "../adapters/aws/tables.ts";
import type { Emulator } from "../adapters/emulators/emulators.fixture.ts";
import { type ConfigurationInput, parseConfiguration } from "../core/configuration.ts";

/** What a deployment would have made, put into an emulator by hand; a test then breaks a part of it. */
export type DeployedParts = Readonly<{
  grants: (name: FunctionName, grants: readonly Grant[]) => readonly Grant[];
  functions: readonly FunctionName[];
}>;

const WHOLE: DeployedParts = { grants: (_, grants) => grants, functions: FUNCTIONS };

/** An empty archive: nothing is ever run of these functions. */
const ARCHIVE = Buffer.from(`504b0506${"00".repeat(18)}`, "hex");

/** Makes the agent of a configuration, so far as a doctor looks at it. */
export const deployByHand = async (
  { clientConfig }: Emulator,
  input: ConfigurationInput,
  parts: Partial<DeployedParts> = {},
): Promise<void> => {
  const { grants, functions } = { ...WHOLE, ...parts };
  const configuration = parseConfiguration(input);
  const names = namesOf(configuration);
  const Template = {
    Resources: {
      Empty: { Type: "AWS::SSM::Parameter", Properties: { Name: `/${names.name}/empty`, Type: "String", Value: "1" } },
    },
  };
  await new CloudFormationClient(clientConfig).send(
    new CreateStackCommand({ StackName: names.stacks.agent, TemplateBody: JSON.stringify(Template) }),
  );
  const [iam, lambda] = [new IAMClient(clientConfig), new LambdaClient(clientConfig)];
  for (const name of functions) {
    const RoleName = names.functionRole(name);
    const trust = {
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" }],
    };
    await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: JSON.stringify(trust) }));
    const given = grants(name, functionGrants(name, { configuration, names, catalogue }));
    await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: "its", PolicyDocument: policyOf(given) }));
    await lambda.send(
      new CreateFunctionCommand({
        ...{ FunctionName: names.functionName(name), Runtime: "nodejs24.x", Handler: "index.handler" },
        ...{ Role: names.arn("iam", `role/${RoleName}`, `:${names.account}`), Code: { ZipFile: ARCHIVE } },
        // One alone says what it runs: to bundle them all takes seconds.
        ...(name === "draft" ? { Environment: { Variables: { [variableOf("codeHash")]: "0123456789abcdef" } } } : {}),
      }),
    );
  }
  const sns = new SNSClient(clientConfig);
  await sns.send(new CreateTopicCommand({ Name: names.topic }));
  await sns.send(
    new SubscribeCommand({ TopicArn: names.topicArn, Protocol: "sqs", Endpoint: names.queueArn("alarms") }),
  );
  const sqs = new SQSClient(clientConfig);
  for (const QueueName of Object.values(names.queue)) await sqs.send(new CreateQueueCommand({ QueueName }));
  await new DynamoDBClient(clientConfig).send(
    new CreateTableCommand({
      ...{ TableName: names.tables.ledger, BillingMode: "PAY_PER_REQUEST" },
      AttributeDefinitions: Object.values(LEDGER_KEYS).map((AttributeName) => ({
        AttributeName,
        AttributeType: "S" as const,
      })),
      KeySchema: [
        { AttributeName: LEDGER_KEYS.partition, KeyType: "HASH" },
        { AttributeName: LEDGER_KEYS.sort, KeyType: "RANGE" },
      ],
    }),
  );
  await putAlarm(new CloudWatchClient(clientConfig), configuration);
};

const policyOf = (grants: readonly Grant[]): string =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: grants
      .filter(({ resources }) => resources.length > 0)
      .map(({ actions, resources, conditions, deny }) => ({
        ...{ Effect: deny === true ? "Deny" : "Allow", Action: actions, Resource: resources },
        ...(conditions === undefined ? {} : { Condition: conditions }),
      })),
  });

/** Systems Manager as it answers of the catalogue's documents, which the emulators do not keep. */
export const documentsAsDeployed = (
  spoil: (name: string, content: string) => string | null = (_, content) => content,
): Readonly<Record<string, Operation>> => {
  const contents = new Map(
    catalogue.runbooks.flatMap(({ documents: own }) =>
      own === null
        ? []
        : [own.automation, ...(own.undo === null ? [] : [own.undo])].map(({ name, content }) => [
            name,
            JSON.stringify(content),
          ]),
    ),
  );
  return {
    GetDocument: ({ Name }) => {
      const content = spoil(String(Name), contents.get(String(Name)) ?? "");
      return content === null
        ? refusal("json-1.1", 400, "InvalidDocument")
        : answer({ Name, Status: "Active", DocumentFormat: "JSON", Content: content });
    },
  };
};

const putAlarm = async (
  cloudWatch: CloudWatchClient,
  { alarmNamePrefix, settings }: ReturnType<typeof parseConfiguration>,
) => {
  const metric = settings.services[0]?.slis[0]?.metric;
  await cloudWatch.send(
    new PutMetricAlarmCommand({
      ...{
        AlarmName: `${alarmNamePrefix}5xx`,
        ComparisonOperator: "GreaterThanThreshold",
        Threshold: 5,
        EvaluationPeriods: 3,
      },
      ...{ Namespace: metric?.namespace, MetricName: metric?.metricName, Statistic: "Sum", Period: 60 },
      Dimensions: Object.entries(metric?.dimensions ?? {}).map(([Name, Value]) => ({ Name, Value })),
    }),
  );
};
