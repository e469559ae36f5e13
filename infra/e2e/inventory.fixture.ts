import type { Json } from "../../functions/core/json.ts";
import type { Account } from "./account.fixture.ts";

/** How a service lists one kind of thing: where the list stands in its answer, and how an entry says its name. */
type Listed = Readonly<{ service: string; api: string; input?: Readonly<Record<string, Json>> }> &
  Readonly<{ list: string; name?: string }>;

const DOCUMENTS = { service: "ssm", api: "ListDocuments", input: { Filters: [{ Key: "Owner", Values: ["Self"] }] } };

/** Every kind of thing that a stack makes, as its own service lists it: CloudFormation's word is not taken for it. */
const LISTED: Readonly<Record<string, Listed>> = {
  "AWS::ApiGatewayV2::Api": { service: "apigatewayv2", api: "GetApis", list: "Items", name: "Name" },
  "AWS::CloudWatch::Alarm": { service: "cloudwatch", api: "DescribeAlarms", list: "MetricAlarms", name: "AlarmName" },
  "AWS::CloudWatch::Dashboard": {
    ...{ service: "cloudwatch", api: "ListDashboards", list: "DashboardEntries", name: "DashboardName" },
  },
  "AWS::DynamoDB::Table": { service: "dynamodb", api: "ListTables", list: "TableNames" },
  "AWS::Events::Rule": { service: "events", api: "ListRules", list: "Rules", name: "Name" },
  "AWS::IAM::ManagedPolicy": {
    ...{ service: "iam", api: "ListPolicies", input: { Scope: "Local", MaxItems: 1000 } },
    ...{ list: "Policies", name: "PolicyName" },
  },
  "AWS::IAM::Role": {
    ...{ service: "iam", api: "ListRoles", input: { MaxItems: 1000 }, list: "Roles", name: "RoleName" },
  },
  "AWS::Lambda::EventSourceMapping": {
    ...{ service: "lambda", api: "ListEventSourceMappings", list: "EventSourceMappings", name: "FunctionArn" },
  },
  "AWS::Lambda::Function": { service: "lambda", api: "ListFunctions", list: "Functions", name: "FunctionName" },
  "AWS::Logs::LogGroup": { service: "logs", api: "DescribeLogGroups", list: "logGroups", name: "logGroupName" },
  "AWS::S3::Bucket": { service: "s3", api: "ListBuckets", list: "Buckets", name: "Name" },
  "AWS::SNS::Subscription": { service: "sns", api: "ListSubscriptions", list: "Subscriptions", name: "TopicArn" },
  "AWS::SNS::Topic": { service: "sns", api: "ListTopics", list: "Topics", name: "TopicArn" },
  "AWS::SQS::Queue": { service: "sqs", api: "ListQueues", list: "QueueUrls" },
  "AWS::SSM::Document": { ...DOCUMENTS, list: "DocumentIdentifiers", name: "Name" },
};
/** What is a part of another thing, and goes with it. */
const PARTS: readonly string[] = [
  "AWS::ApiGatewayV2::Integration",
  "AWS::ApiGatewayV2::Route",
  "AWS::ApiGatewayV2::Stage",
  "AWS::Lambda::Alias",
  "AWS::Lambda::EventInvokeConfig",
  "AWS::Lambda::Permission",
  "AWS::Lambda::Version",
  "AWS::S3::BucketPolicy",
  "AWS::SNS::TopicPolicy",
  "AWS::SQS::QueuePolicy",
];

/** Names that are known before anything is deployed. */
type Names = Readonly<{ agent: string; stacks: readonly string[]; bucket: string; ledger: string; approvals: string }>;
type Asked = Readonly<{ service: string; api: string; input: Readonly<Record<string, Json>> }>;
type Entry = Readonly<Record<string, Json>>;

/** What an account holds of the agent. */
export const holdings = (account: Account, names: Names) => ({
  /** Everything whose name has the agent's in it, in capitals or not, each by its type and its name, in order. */
  things: () => thingsOf(account, names),
  /** Types of which the stacks made more than stands among the things: what nobody here looks for would be missed. */
  unseen: async (): Promise<readonly string[]> => {
    const made: string[] = [];
    for (const StackName of names.stacks) {
      const asked = { service: "cloudformation", api: "ListStackResources", input: { StackName } };
      for (const one of await listOf(account, asked, "StackResourceSummaries"))
        made.push(String((one as Entry).ResourceType));
    }
    const seen = (await thingsOf(account, names)).map((thing) => thing.split(" ")[0]);
    const count = (types: readonly unknown[], type: string): number => types.filter((one) => one === type).length;
    const wanted = [...new Set(made)].filter((type) => !PARTS.includes(type));
    return wanted.filter((type) => count(seen, type) < count(made, type));
  },
  /** Incidents that are open or watched, as README.md looks for them. */
  waiting: async (): Promise<string> => {
    const input = { TableName: names.ledger, IndexName: "open" };
    return JSON.stringify(await listOf(account, { service: "dynamodb", api: "Scan", input }, "Items"));
  },
  /** What is in them, by its name: items of the tables, hashes of the bucket's objects, texts of the documents. */
  contents: async (): Promise<ReadonlyMap<string, string>> => {
    const found = new Map<string, string>();
    for (const TableName of [names.ledger, names.approvals]) {
      const asked = { service: "dynamodb", api: "Scan", input: { TableName, ConsistentRead: true } };
      for (const item of await listOf(account, asked, "Items")) {
        const { group, key, decision, person } = item as Entry;
        found.set(`item ${JSON.stringify([TableName, group ?? decision, key ?? person])}`, JSON.stringify(item));
      }
    }
    const objects = { service: "s3", api: "ListObjectsV2", input: { Bucket: names.bucket } };
    for (const object of await listOf(account, objects, "Contents")) {
      const { Key, ETag } = object as Entry;
      found.set(`object ${Key}`, String(ETag));
    }
    for (const document of await listOf(account, DOCUMENTS, "DocumentIdentifiers")) {
      const { Name = "" } = document as Entry;
      const answer = await account.calls.call({ service: "ssm", api: "GetDocument", input: { Name } });
      found.set(`document ${Name}`, answer.ok ? String((answer.output as Entry).Content) : answer.code);
    }
    return found;
  },
});

const thingsOf = async (account: Account, { agent }: Names): Promise<readonly string[]> => {
  const found: string[] = [];
  for (const [type, { service, api, input = {}, list, name }] of Object.entries(LISTED)) {
    const entries = await listOf(account, { service, api, input }, list);
    const called = entries.map((entry) => String(name === undefined ? entry : (entry as Entry)[name]));
    found.push(...called.filter((one) => one.toLowerCase().includes(agent)).map((one) => `${type} ${one}`));
  }
  return found.toSorted();
};

/** What is written once, or by people alone; whoever runs goes on writing the rest until it is gone. */
const FINAL = /^(document|object (audit|episodes)|item .*"(switch|mode|effect)#)/;

/** What is gone of contents, and what has another content although it must not. */
export const lost = (before: ReadonlyMap<string, string>, now: ReadonlyMap<string, string>): readonly string[] =>
  [...before]
    .filter(([name, text]) => !now.has(name) || (FINAL.test(name) && now.get(name) !== text))
    .map(([name]) => name);

/** A whole list of an answer. Throws where the service says no, or has more of it. */
export const listOf = async (account: Account, asked: Asked, list: string): Promise<readonly Json[]> => {
  const answer = await account.calls.call(asked);
  const what = `${asked.service}:${asked.api}`;
  if (!answer.ok) throw new Error(`${what}: ${answer.code}: ${answer.message}`);
  const output = answer.output as Entry;
  const more = [output.NextToken, output.nextToken, output.LastEvaluatedKey, output.IsTruncated || undefined];
  if (more.some((one) => one !== undefined))
    throw new Error(`${what} has more than one page; who looks through it reads one`);
  return (output[list] ?? []) as readonly Json[];
};
