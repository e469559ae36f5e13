import { READS_ANYWHERE, READS_OF_ALARMS, READS_OF_RUNBOOKS } from "./reads.ts";

/** A `*` in a resource that some actions may have, and why nothing narrower is possible. */
export type Wildcard = Readonly<{ actions: readonly string[]; resource: RegExp; because: string }>;

/**
 * Every wildcard that stands in a role. It is closed: a resource with a `*` that no line covers fails the tests and the
 * synthesis. What only reads may be wider than what changes something; each line says which it is.
 */
export const WILDCARDS: readonly Wildcard[] = [
  // What changes something.
  {
    actions: ["logs:CreateLogStream", "logs:PutLogEvents"],
    resource: /:log-group:\/aws\/lambda\/[\w-]+:\*$/,
    because: "Lambda names the streams of a function's own log group",
  },
  {
    actions: ["xray:PutTraceSegments", "xray:PutTelemetryRecords"],
    resource: /^\*$/,
    because: "X-Ray has no resources to name; it takes traces and gives nothing back",
  },
  {
    actions: ["ssm:StartAutomationExecution", "ssm:GetDocument"],
    resource: /:document\/Quell-[a-z0-9-]+-\?{12}$/,
    because:
      "the hash of a document's content ends its name; incidents that wait start the documents of older deployments",
  },
  {
    actions: ["ssm:StartAutomationExecution", "ssm:StopAutomationExecution", "ssm:AddTagsToResource"],
    resource: /:automation-execution\/\*$/,
    because: "Systems Manager makes the id of an execution when it starts",
  },
  {
    actions: ["lambda:SendDurableExecutionCallbackSuccess", "lambda:CheckpointDurableExecution"],
    resource: /:function:[\w-]+-respond:\*$/,
    because: "executions are named below each version of respond, with an id that Lambda makes",
  },
  {
    actions: ["s3:PutObject"],
    resource: /:::[a-z0-9.-]+\/(records|episodes|audit\/(chains|manifests|grew))\/\*$/,
    because: "an object's key names its incident, its decision or its day",
  },
  {
    actions: ["appconfig:StartDeployment"],
    resource: /\/configurationprofile\/\*$|:deploymentstrategy\/\*$/,
    because:
      "the configuration names an environment; which profile was deployed, and how, is found when it is rolled back",
  },
  {
    actions: ["appconfig:StopDeployment", "appconfig:GetDeployment"],
    resource: /\/environment\/[a-z0-9]+\/deployment\/\*$/,
    because: "deployments are numbered as they happen",
  },
  {
    actions: ["rds:ModifyDBProxyTargetGroup"],
    resource: /:target-group:\*$/,
    because: "a proxy's target group has an id of its own, which nothing but the proxy tells",
  },
  {
    actions: ["iam:PassRole"],
    resource: /:iam::\d{12}:role\/\*$/,
    because:
      "ECS asks whether a task definition's roles may be passed (only to ecs-tasks.amazonaws.com) when a service is put on it",
  },
  {
    actions: [
      "ec2:CreateNetworkInterface",
      "ec2:DeleteNetworkInterface",
      "ec2:AssignPrivateIpAddresses",
      "ec2:UnassignPrivateIpAddresses",
    ],
    resource: /:ec2:[^:]+:\d{12}:\*$/,
    because:
      "Lambda names the interfaces that it makes in a VPC, and tries these calls before it makes a function there; the function's own code is denied them",
  },
  // What only reads.
  {
    actions: ["ssm:GetAutomationExecution", "ssm:DescribeAutomationStepExecutions", "ssm:ListTagsForResource"],
    resource: /:automation-execution\/\*$/,
    because: "Systems Manager makes the id of an execution when it starts",
  },
  {
    actions: [
      "lambda:GetDurableExecution",
      "lambda:GetDurableExecutionState",
      "lambda:ListDurableExecutionsByFunction",
    ],
    resource: /:function:[\w-]+-respond:\*$/,
    because: "executions are named below each version of respond, with an id that Lambda makes",
  },
  {
    actions: ["secretsmanager:GetSecretValue"],
    resource: /:secret:[\w/+=.@-]+-\?{6}$/,
    because: "Secrets Manager ends the ARN of a secret in six characters of its own",
  },
  {
    actions: ["lambda:GetFunctionConfiguration"],
    resource: /:function:[\w-]+:\*$/,
    because: "the versions of one function are numbered as they are published",
  },
  {
    actions: ["s3:GetObject"],
    resource: /:::[a-z0-9.-]+\/(records|episodes|audit)\/\*$/,
    because: "an object's key names its incident, its decision or its day",
  },
  {
    actions: ["bedrock:InvokeModel"],
    resource: /:bedrock:\*?::foundation-model\//,
    because: "a cross-Region inference profile chooses among the Regions of its geography",
  },
  {
    actions: ["ec2:DescribeAvailabilityZones"],
    resource: /^\*$/,
    because: "zones are the Region's: EC2 has no resource for them, and tells nothing of the account but their names",
  },
  {
    actions: [...READS_ANYWHERE, ...READS_OF_ALARMS, ...READS_OF_RUNBOOKS],
    resource: /^\*$/,
    because: "it only reads, and which resources an incident touches is found while it is answered",
  },
  {
    actions: ["ssm:DescribeAutomationExecutions"],
    resource: /^\*$/,
    because: "it only lists automations, and takes no resource",
  },
  {
    actions: ["logs:GetQueryResults", "logs:StopQuery"],
    resource: /^\*$/,
    because: "a query of Logs Insights is known by an id that only who started it has",
  },
  {
    actions: ["ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets"],
    resource: /^\*$/,
    because: "it only lists, and takes no resource; Lambda looks up the interfaces through which it reaches a VPC",
  },
];

/** Why an action may have this resource with a wildcard; null where no line says so. */
export const wildcardReason = (action: string, resource: string): string | null =>
  WILDCARDS.find((one) => one.actions.includes(action) && one.resource.test(resource))?.because ?? null;

export const isWildcard = (resource: string): boolean => /[*?]/.test(resource);

/** A permission that sounds as if it deleted data, and what it really takes away. */
export const DELETES: Readonly<Record<string, string>> = {
  "ec2:DeleteNetworkInterface":
    "Lambda takes away the network interfaces that it made in a VPC when the last function there goes; the code of a function may not",
  "sqs:DeleteMessage":
    "intake takes what it has written to the ledger from its own queue; a redrive moves messages, which SQS does by receiving, sending and deleting each",
  "apigateway:DELETE":
    "API Gateway's verb for emptying a stage's cache, on `/cache/data` alone; the stage is another resource",
};
