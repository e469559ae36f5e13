import { OPEN_INDEX } from "../functions/adapters/aws/tables.ts";
import type { Configuration } from "../functions/core/configuration.ts";
import type { Catalogue, Runbook } from "../functions/core/runbook.ts";
import type { Secret } from "../functions/core/secret.ts";
import type { Grant } from "./grants.ts";
import { type FunctionName, type Names, runbookRoleArn } from "./names.ts";
import { networkGrants } from "./network.ts";
import { READS_ANYWHERE, READS_OF_ALARMS, READS_OF_IMPACT } from "./reads.ts";
import { secretGrants } from "./secret-grants.ts";

type About = Readonly<{ configuration: Configuration; names: Names; catalogue: Catalogue }>;

/** What each function may do, and nothing else: three identities that never meet, and the one that talks to a model. */
export const functionGrants = (name: FunctionName, about: About): readonly Grant[] => [
  ...itself(name, about),
  ...networkGrants(name, about),
  ...OWN[name](about),
];

/** Its own logs and traces: all that a function writes without being asked. */
const itself = (name: FunctionName, { names }: About): readonly Grant[] => [
  {
    actions: ["logs:CreateLogStream", "logs:PutLogEvents"],
    resources: [names.arn("logs", `log-group:${names.logGroup(name)}:*`)],
  },
  { actions: ["xray:PutTraceSegments", "xray:PutTelemetryRecords"], resources: ["*"] },
];

/** The ledger; of what people alone write, the switch, the modes and who ranks, the boundary leaves it nothing to write. */
const ledger = ({ names }: About): readonly Grant[] => [
  { actions: ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"], resources: [names.tableArn("ledger")] },
  { actions: ["dynamodb:Query"], resources: [`${names.tableArn("ledger")}/index/${OPEN_INDEX.name}`] },
];

/** Starting an incident's execution: the alias alone, so that none starts on a version that nobody deployed. */
const start = ({ names }: About): Grant => ({ actions: ["lambda:InvokeFunction"], resources: [names.liveArn] });

/** Ringing: it carries no authority, for who is rung reads what was written. */
const ring = ({ names }: About): Grant => ({
  actions: ["lambda:SendDurableExecutionCallbackSuccess"],
  resources: [names.executionsArn],
});

const page = ({ names }: About): Grant => ({ actions: ["sns:Publish"], resources: [names.topicArn] });

const routingKey = ({ pager }: Configuration): Secret | undefined =>
  pager.kind === "pagerduty" ? pager.routingKeySecret : undefined;

const write = ({ names }: About, ...prefixes: readonly string[]): Grant => ({
  actions: ["s3:PutObject"],
  resources: prefixes.map((prefix) => `${names.bucketArn}/${prefix}/*`),
});
/** What was written there once is never written again: S3 refuses a put that does not ask for that. */
const writeOnce = (about: About, ...prefixes: readonly string[]): Grant => ({
  ...write(about, ...prefixes),
  conditions: { Null: { "s3:if-none-match": "false" } },
});
const readBack = ({ names }: About, ...prefixes: readonly string[]): readonly Grant[] => [
  { actions: ["s3:GetObject"], resources: prefixes.map((prefix) => `${names.bucketArn}/${prefix}/*`) },
  {
    actions: ["s3:ListBucket"],
    resources: [names.bucketArn],
    conditions: { StringLike: { "s3:prefix": prefixes.map((prefix) => `${prefix}/*`) } },
  },
];

/** The documents of a runbook, of this deployment and of those before it. */
const documentsOf = ({ names }: About, { id, documents }: Runbook): readonly string[] =>
  documents === null
    ? []
    : [`Quell-${id}`, ...(documents.undo === null ? [] : [`Quell-${id}-undo`])].map((name) =>
        names.arn("ssm", `document/${name}-????????????`),
      );

/** Starting the documents of the catalogue with the roles that they name, and looking after what it started. */
const act = (about: About): readonly Grant[] => {
  const { names, catalogue } = about;
  const documents = catalogue.runbooks.flatMap((runbook) => documentsOf(about, runbook));
  const executions = names.arn("ssm", "automation-execution/*");
  return [
    { actions: ["ssm:StartAutomationExecution", "ssm:GetDocument"], resources: documents },
    // A start needs both: the document, and the execution that it becomes.
    {
      actions: [
        "ssm:StartAutomationExecution",
        "ssm:GetAutomationExecution",
        "ssm:DescribeAutomationStepExecutions",
        "ssm:StopAutomationExecution",
      ],
      resources: [executions],
    },
    {
      actions: ["ssm:AddTagsToResource"],
      resources: [executions],
      conditions: { "ForAllValues:StringLike": { "aws:TagKeys": ["quell:*"] } },
    },
    {
      actions: ["iam:PassRole"],
      resources: catalogue.runbooks.flatMap(({ id, documents: its }) =>
        its === null ? [] : [runbookRoleArn(names, id)],
      ),
      conditions: { StringEquals: { "iam:PassedToService": "ssm.amazonaws.com" } },
    },
  ];
};

/** What it looks at: metrics, alarms and resources wherever an incident leads; logs and stages of what is configured. */
const look = ({ configuration, names }: About): readonly Grant[] => {
  const { services } = configuration.settings;
  const stages = services.flatMap(({ resources }) => resources.filter((arn) => /:apigateway:/.test(arn)));
  const groups = services.flatMap(({ logGroups }) => logGroups.map((group) => names.arn("logs", `log-group:${group}`)));
  const functions = services.flatMap(({ resources }) =>
    resources.filter((arn) => /:lambda:[^:]+:\d+:function:/.test(arn)),
  );
  return [
    { actions: READS_ANYWHERE, resources: ["*"] },
    // A stage, its API and that one's paths; the same verb on everything would read API keys.
    {
      actions: ["apigateway:GET"],
      resources: stages.flatMap((stage) => {
        const api = stage.replace(/\/stages\/.*$/, "");
        return [api, `${api}/resources`, stage];
      }),
    },
    // It gives back the environment: of what is configured, not of every function there is.
    {
      actions: ["lambda:GetFunctionConfiguration"],
      resources: [...new Set(functions.map((arn) => arn.split(":").slice(0, 7).join(":")))].flatMap((arn) => [
        arn,
        `${arn}:*`,
      ]),
    },
    { actions: ["logs:StartQuery"], resources: [...new Set(groups)] },
    { actions: ["logs:GetQueryResults", "logs:StopQuery"], resources: ["*"] },
  ];
};

/** The models that the settings name: of Bedrock, the profile that is asked and the model behind it. */
const models = ({ configuration, names }: About): readonly Grant[] => {
  const { drafter } = configuration.settings;
  if (drafter.name !== "bedrock") return [];
  const resources = drafter.models.flatMap(({ id }) => {
    if (id.startsWith("arn:")) return [id];
    const asked = id.includes(".") ? id : `${drafter.bedrockInferenceProfile}${id}`;
    const [, model = asked] = /([a-z]+\.[^.]+)$/.exec(asked) ?? [];
    const foundation = names.arn("bedrock", `foundation-model/${model}`, "*:");
    return asked === model
      ? [names.arn("bedrock", `foundation-model/${model}`, `${names.region}:`)]
      : [
          names.arn("bedrock", `inference-profile/${asked}`),
          foundation,
          names.arn("bedrock", `foundation-model/${model}`, ":"),
        ];
  });
  return [{ actions: ["bedrock:InvokeModel"], resources }];
};

const OWN: Readonly<Record<FunctionName, (about: About) => readonly Grant[]>> = {
  intake: (about) => [
    ...ledger(about),
    start(about),
    ring(about),
    {
      actions: ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ChangeMessageVisibility"],
      resources: [about.names.queueArn("alarms")],
    },
  ],
  respond: (about) => [
    ...look(about),
    ...ledger(about),
    // What people said: it reads, and can never answer for them.
    { actions: ["dynamodb:GetItem", "dynamodb:Query"], resources: [about.names.tableArn("approvals")] },
    ...act(about),
    { actions: ["lambda:InvokeFunction"], resources: [about.names.functionArn("draft")] },
    {
      actions: ["lambda:CheckpointDurableExecution", "lambda:GetDurableExecutionState"],
      resources: [about.names.executionsArn],
    },
    ring(about),
    page(about),
    write(about, "records"),
    writeOnce(about, "episodes", "audit/chains", "audit/grew"),
    ...readBack(about, "episodes", "audit"),
    ...secretGrants(
      about,
      about.configuration.slack?.botTokenSecret,
      about.configuration.github?.tokenSecret,
      routingKey(about.configuration),
    ),
  ],
  draft: (about) => [
    ...models(about),
    ...(about.configuration.settings.drafter.name === "anthropic"
      ? secretGrants(about, about.configuration.anthropicKeySecret)
      : []),
  ],
  slack: (about) => [
    {
      actions: ["dynamodb:PutItem", "dynamodb:GetItem", "dynamodb:Query"],
      resources: [about.names.tableArn("approvals")],
    },
    { actions: ["dynamodb:GetItem"], resources: [about.names.tableArn("ledger")] },
    ring(about),
    ...secretGrants(about, about.configuration.slack?.signingSecret),
  ],
  reconcile: (about) => [
    ...ledger(about),
    start(about),
    ring(about),
    page(about),
    { actions: [...READS_OF_ALARMS, ...READS_OF_IMPACT], resources: ["*"] },
    {
      actions: ["ssm:GetAutomationExecution", "ssm:DescribeAutomationStepExecutions", "ssm:ListTagsForResource"],
      resources: [about.names.arn("ssm", "automation-execution/*")],
    },
    { actions: ["ssm:DescribeAutomationExecutions"], resources: ["*"] },
    { actions: ["lambda:GetDurableExecution"], resources: [about.names.executionsArn] },
    {
      actions: ["lambda:ListDurableExecutionsByFunction"],
      resources: [about.names.functionArn("respond"), about.names.executionsArn],
    },
    write(about, "records"),
    // What it ends in an execution's place, and whom it tells, stands in the trail as well. Its rows stand where others do.
    writeOnce(about, "episodes", "audit/chains", "audit/grew", "audit/manifests"),
    ...readBack(about, "audit"),
    ...secretGrants(about, routingKey(about.configuration)),
  ],
  changes: (about) => [...ledger(about), start(about), ring(about)],
};
