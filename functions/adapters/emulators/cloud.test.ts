import assert from "node:assert/strict";
import { after, test } from "node:test";
import {
  CloudFormationClient,
  CreateChangeSetCommand,
  CreateStackCommand,
  DeleteStackCommand,
  DescribeStackEventsCommand,
  ExecuteChangeSetCommand,
  waitUntilChangeSetCreateComplete,
  waitUntilStackCreateComplete,
  waitUntilStackDeleteComplete,
} from "@aws-sdk/client-cloudformation";
import { LambdaClient, waitUntilPublishedVersionActive } from "@aws-sdk/client-lambda";
import { GetDocumentCommand, GetParameterCommand, PutParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { catalogue } from "../../../runbooks/catalogue.ts";
import { type AutomationDocument, undoParameters } from "../../core/automation-document.ts";
import { effectKey } from "../../core/ids.ts";
import type { Json } from "../../core/json.ts";
import type { Params } from "../../core/runbook.ts";
import type { Run } from "../../core/stages.ts";
import { select } from "../../world/automation-values.ts";
import type { ApiCall } from "../../world/types.ts";
import { ssmActuator } from "../aws/ssm-actuator.ts";
import { startCloud } from "./cloud.fixture.ts";
import { REGION } from "./emulators.fixture.ts";

const cloud = await startCloud();
after(() => cloud.stop());
const ssm = new SSMClient(cloud.clientConfig);
const actuator = ssmActuator(ssm);
const cloudFormation = new CloudFormationClient(cloud.clientConfig);
/** Seconds. */
const PATIENCE = { maxWaitTime: 30, minDelay: 0.1, maxDelay: 0.1 };

const documentsOf = (id: string): readonly AutomationDocument[] => {
  const documents = catalogue.runbooks.find((runbook) => runbook.id === id)?.documents;
  assert.ok(documents?.undo != null, `${id} has no undo`);
  return [documents.automation, documents.undo];
};

const documentResource = ({ name, content }: AutomationDocument) => ({
  Type: "AWS::SSM::Document",
  Properties: { Name: name, DocumentType: "Automation", DocumentFormat: "JSON", Content: content },
});
const logicalId = (name: string): string => name.replace(/[^A-Za-z0-9]/g, "");
const templateOf = (resources: Readonly<Record<string, unknown>>, documents: readonly AutomationDocument[]): string =>
  JSON.stringify({
    Resources: {
      ...resources,
      ...Object.fromEntries(documents.map((document) => [logicalId(document.name), documentResource(document)])),
    },
  });

const deploy = async (stack: string, template: string): Promise<void> => {
  await cloudFormation.send(new CreateStackCommand({ StackName: stack, TemplateBody: template }));
  try {
    await waitUntilStackCreateComplete({ client: cloudFormation, ...PATIENCE }, { StackName: stack });
  } catch (cause) {
    const { StackEvents } = await cloudFormation.send(new DescribeStackEventsCommand({ StackName: stack }));
    throw new Error(JSON.stringify(StackEvents), { cause });
  }
};

/** What an account holds that some runbooks change. */
const RESOURCES = {
  Table: {
    Type: "AWS::DynamoDB::Table",
    Properties: {
      TableName: "orders",
      AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
      KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
      ProvisionedThroughput: { ReadCapacityUnits: 5, WriteCapacityUnits: 4 },
    },
  },
  Cluster: { Type: "AWS::ECS::Cluster", Properties: { ClusterName: "shop" } },
  Tasks: {
    Type: "AWS::ECS::TaskDefinition",
    Properties: { Family: "web", ContainerDefinitions: [{ Name: "web", Image: "web:1", Memory: 128 }] },
  },
  Service: {
    Type: "AWS::ECS::Service",
    Properties: {
      ServiceName: "web",
      Cluster: { Ref: "Cluster" },
      TaskDefinition: { Ref: "Tasks" },
      DesiredCount: 2,
      LaunchType: "EC2",
    },
  },
  Role: {
    Type: "AWS::IAM::Role",
    Properties: {
      AssumeRolePolicyDocument: {
        Version: "2012-10-17",
        Statement: [{ Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" }],
      },
    },
  },
  Function: {
    Type: "AWS::Lambda::Function",
    Properties: {
      FunctionName: "checkout",
      Runtime: "python3.13",
      Handler: "index.handler",
      Role: { "Fn::GetAtt": ["Role", "Arn"] },
      Code: { ZipFile: "def handler(event, context):\n    return 1\n" },
    },
  },
};

const made = async (asked: ApiCall): Promise<Json> => {
  const reply = await cloud.calls.call(asked);
  assert.ok(reply.ok, `${asked.service}:${asked.api}: ${JSON.stringify(reply)}`);
  return reply.output;
};

const TASKS = (revision: string): string => `arn:aws:ecs:${REGION}:123456789012:task-definition/web:${revision}`;

type Case = Readonly<{
  id: string;
  params: Params;
  shown: ApiCall;
  selector: string;
  before: Json;
  during: Json;
}>;

const CASES: readonly Case[] = [
  {
    id: "dynamodb-capacity",
    params: {
      TableName: "orders",
      ...{ ReadCapacityUnits: 10, WriteCapacityUnits: 4, ExpectedReadCapacityUnits: 5, ExpectedWriteCapacityUnits: 4 },
    },
    shown: { service: "dynamodb", api: "DescribeTable", input: { TableName: "orders" } },
    selector: "$.Table.ProvisionedThroughput.ReadCapacityUnits",
    before: 5,
    during: 10,
  },
  {
    id: "ecs-scale-out",
    params: { Cluster: "shop", Service: "web", DesiredCount: 4, ExpectedDesiredCount: 2 },
    shown: { service: "ecs", api: "DescribeServices", input: { cluster: "shop", services: ["web"] } },
    selector: "$.services[0].desiredCount",
    before: 2,
    during: 4,
  },
  {
    id: "ecs-rollback",
    params: { Cluster: "shop", Service: "web", TaskDefinition: TASKS("1"), ExpectedTaskDefinition: TASKS("2") },
    shown: { service: "ecs", api: "DescribeServices", input: { cluster: "shop", services: ["web"] } },
    selector: "$.services[0].taskDefinition",
    before: TASKS("2"),
    during: TASKS("1"),
  },
  {
    id: "lambda-reserved-concurrency",
    params: { FunctionName: "checkout", ReservedConcurrentExecutions: 20, ExpectedReservedConcurrentExecutions: 10 },
    shown: { service: "lambda", api: "GetFunctionConcurrency", input: { FunctionName: "checkout" } },
    selector: "$.ReservedConcurrentExecutions",
    before: 10,
    during: 20,
  },
  {
    id: "lambda-alias-rollback",
    params: { FunctionName: "checkout", Alias: "live", FunctionVersion: "1", ExpectedVersion: "2" },
    shown: { service: "lambda", api: "GetAlias", input: { FunctionName: "checkout", Name: "live" } },
    selector: "$.FunctionVersion",
    before: "2",
    during: "1",
  },
];

await deploy(
  "shop",
  templateOf(
    RESOURCES,
    CASES.flatMap(({ id }) => documentsOf(id)),
  ),
);
const FunctionName = "checkout";
for (const Qualifier of ["1", "2"]) {
  const input = { FunctionName, Description: Qualifier };
  await made({ service: "lambda", api: "UpdateFunctionConfiguration", input });
  await made({ service: "lambda", api: "PublishVersion", input: { FunctionName } });
  const client = new LambdaClient(cloud.clientConfig);
  await waitUntilPublishedVersionActive({ client, ...PATIENCE }, { FunctionName, Qualifier });
}
const ReservedConcurrentExecutions = 10;
await made({
  service: "lambda",
  api: "PutFunctionConcurrency",
  input: { FunctionName, ReservedConcurrentExecutions },
});
const containerDefinitions = [{ name: "web", image: "web:2", memory: 128 }];
await made({ service: "ecs", api: "RegisterTaskDefinition", input: { family: "web", containerDefinitions } });
await made({
  service: "ecs",
  api: "UpdateService",
  input: { cluster: "shop", service: "web", taskDefinition: "web:2" },
});
await made({ service: "lambda", api: "CreateAlias", input: { FunctionName, Name: "live", FunctionVersion: "2" } });

/** Starts a document as respond does, and follows it to its end. */
const ran = async ({ name, hash }: AutomationDocument, parameters: Params): Promise<Run> => {
  const clientToken = effectKey("quell-cloud", hash, cloud.automation.runs().length);
  const started = await actuator.start({ documentName: name, documentHash: hash, parameters, clientToken, tags: {} });
  assert.ok(started.kind === "started", JSON.stringify(started));
  await cloud.automation.settled();
  return actuator.poll(started.executionId);
};

for (const { id, params, shown, selector, before, during } of CASES) {
  test(`${id}: a stack's own document changes the emulated account by real API calls, and its undo takes it back`, async () => {
    const [automation, undo] = documentsOf(id);
    assert.ok(automation !== undefined && undo !== undefined);
    const look = async (): Promise<Json | undefined> => select(await made(shown), selector);
    const seen = [await look()];

    const run = await ran(automation, params);
    seen.push(await look());
    assert.deepEqual([run.status, run.reason], ["succeeded", null]);
    const back = await ran(undo, undoParameters(undo, run.outputs) ?? {});
    seen.push(await look());

    assert.deepEqual([back.status, back.reason], ["succeeded", null]);
    assert.deepEqual(seen, [before, during, before]);
  });
}

test("a run whose precheck fails changes nothing and names the step", async () => {
  const [automation] = documentsOf("ecs-scale-out");
  assert.ok(automation !== undefined);

  const run = await ran(automation, { Cluster: "shop", Service: "gone", DesiredCount: 4, ExpectedDesiredCount: 2 });

  assert.deepEqual([run.status, run.failedStep], ["failed", "AssertDesired"]);
});

test("parameters are still ministack's own", async () => {
  await ssm.send(new PutParameterCommand({ Name: "/cdk-bootstrap/version", Value: "21", Type: "String" }));

  const { Parameter } = await ssm.send(new GetParameterCommand({ Name: "/cdk-bootstrap/version" }));

  assert.equal(Parameter?.Value, "21");
});

test("a stack that is deleted takes its documents with it", async () => {
  const [automation] = documentsOf("asg-scale-out");
  assert.ok(automation !== undefined);
  await deploy("brief", templateOf({}, [automation]));

  await cloudFormation.send(new DeleteStackCommand({ StackName: "brief" }));
  await waitUntilStackDeleteComplete({ client: cloudFormation, ...PATIENCE }, { StackName: "brief" });

  await assert.rejects(ssm.send(new GetDocumentCommand({ Name: automation.name })), { name: "InvalidDocument" });
});

test("what a stack kept stands in the way of the next one, and is untouched in one that imports it", async () => {
  const [automation] = documentsOf("asg-scale-out");
  assert.ok(automation !== undefined);
  const table = { TableName: "kept-table", BillingMode: "PAY_PER_REQUEST" };
  const keys = {
    AttributeDefinitions: [{ AttributeName: "key", AttributeType: "S" }],
    KeySchema: [{ AttributeName: "key", KeyType: "HASH" }],
  };
  const resources = {
    Table: { Type: "AWS::DynamoDB::Table", Properties: { ...table, ...keys }, DeletionPolicy: "Retain" },
    Bucket: { Type: "AWS::S3::Bucket", Properties: { BucketName: "kept-bucket" }, DeletionPolicy: "Retain" },
    Document: { ...documentResource(automation), DeletionPolicy: "Retain" },
  };
  await deploy("keeper", templateOf(resources, []));
  const Item = { key: { S: "a" }, text: { S: "kept" } };
  await made({ service: "dynamodb", api: "PutItem", input: { TableName: "kept-table", Item } });
  await cloudFormation.send(new DeleteStackCommand({ StackName: "keeper" }));
  await waitUntilStackDeleteComplete({ client: cloudFormation, ...PATIENCE }, { StackName: "keeper" });

  for (const [name, resource] of Object.entries(resources))
    await assert.rejects(deploy(`refused-${name}`, templateOf({ [name]: resource }, [])), /CREATE_FAILED/);
  const asked = { StackName: "heir", ChangeSetName: "takes-on" };
  const TemplateBody = templateOf(resources, []);
  const takesOn = { ...asked, TemplateBody, ChangeSetType: "CREATE", ImportExistingResources: true } as const;
  await cloudFormation.send(new CreateChangeSetCommand(takesOn));
  await waitUntilChangeSetCreateComplete({ client: cloudFormation, ...PATIENCE }, asked);
  await cloudFormation.send(new ExecuteChangeSetCommand(asked));
  await waitUntilStackCreateComplete({ client: cloudFormation, ...PATIENCE }, { StackName: "heir" });

  const found = await made({
    service: "dynamodb",
    api: "GetItem",
    input: { TableName: "kept-table", Key: { key: Item.key } },
  });
  assert.deepEqual(select(found, "$.Item"), Item);
  assert.equal((await ssm.send(new GetDocumentCommand({ Name: automation.name }))).Name, automation.name);
});
