import { type Permission, permissionsOf } from "../functions/cli/runbooks-permissions.ts";
import type { AutomationDocument } from "../functions/core/automation-document.ts";
import type { Configuration } from "../functions/core/configuration.ts";
import type { Runbook } from "../functions/core/runbook.ts";
import type { Grant } from "./grants.ts";
import type { Names } from "./names.ts";
import { targetsOf } from "./targets.ts";

type Sight = Readonly<{
  names: Names;
  /** What the runbook is for, of what is configured. */
  targets: readonly string[];
  ofType: (type: string) => readonly string[];
  documents: readonly AutomationDocument[];
}>;

const LOAD_BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer";

const unique = (arns: readonly string[]): readonly string[] => [...new Set(arns)];
/** `arn:...:application/a/environment/e` is part of `arn:...:application/a`. */
const applicationOf = (environment: string): string => environment.replace(/\/environment\/.*$/, "");
/** An alias is part of its function. */
const functionOf = (alias: string): string => alias.split(":").slice(0, 7).join(":");

/** Whether a document's call of an API says this member. */
const says = (documents: readonly AutomationDocument[], api: string, member: string): boolean =>
  documents.some(({ content }) =>
    content.mainSteps.some(({ inputs }) => "Api" in inputs && inputs.Api === api && member in inputs),
  );

/** What the documents say in a member of an API's input; null where one of them leaves it to a parameter. */
const literals = (documents: readonly AutomationDocument[], api: string, member: string): readonly string[] | null => {
  const said = documents.flatMap(({ content }) =>
    content.mainSteps.flatMap(({ inputs }) => ("Api" in inputs && inputs.Api === api ? [String(inputs[member])] : [])),
  );
  return said.some((text) => text.includes("{{")) ? null : unique(said);
};

/**
 * What each call needs, as narrow as AWS lets it be. An API that is not listed needs the action of its own name: on the
 * targets where it changes something, on everything where it reads.
 * (docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html)
 */
const NEEDS: Readonly<Record<string, (sight: Sight) => readonly Grant[]>> = {
  // IAM knows API Gateway's calls by their HTTP verbs and paths: this one is DELETE .../cache/data.
  "apigateway:FlushStageCache": ({ targets }) => [
    { actions: ["apigateway:DELETE"], resources: targets.map((stage) => `${stage}/cache/data`) },
  ],
  // Not on everything: the same verb reads API keys.
  "apigateway:GetStage": ({ targets }) => [{ actions: ["apigateway:GET"], resources: targets }],
  "appconfig:StartDeployment": ({ targets, names, documents }) => {
    const strategies = literals(documents, "StartDeployment", "DeploymentStrategyId") ?? ["*"];
    return [
      {
        actions: ["appconfig:StartDeployment"],
        resources: unique([
          ...targets.flatMap((environment) => [
            environment,
            applicationOf(environment),
            `${applicationOf(environment)}/configurationprofile/*`,
          ]),
          ...(targets.length === 0 ? [] : strategies.map((one) => names.arn("appconfig", `deploymentstrategy/${one}`))),
        ]),
      },
    ];
  },
  "appconfig:StopDeployment": ({ targets }) => [
    { actions: ["appconfig:StopDeployment"], resources: deploymentsOf(targets) },
  ],
  "appconfig:GetDeployment": ({ targets }) => [
    { actions: ["appconfig:GetDeployment"], resources: deploymentsOf(targets) },
  ],
  // A shift is of a load balancer; the runbook's target is one of its target groups.
  ...Object.fromEntries(
    ["StartZonalShift", "CancelZonalShift", "GetManagedResource"].map((api) => [
      `arc-zonal-shift:${api}`,
      ({ ofType }: Sight) => [{ actions: [`arc-zonal-shift:${api}`], resources: ofType(LOAD_BALANCER) }],
    ]),
  ),
  /**
   * Another number of tasks, or the same ones anew, passes no role. A service that is put on a task definition passes that
   * definition's roles, which nobody knows before: any role, but to tasks alone (github.com/keidarcy/e1s/issues/429).
   */
  "ecs:UpdateService": ({ targets, names, documents }) => [
    {
      actions: ["ecs:UpdateService"],
      resources: targets,
      conditions: {
        ArnEquals: {
          "ecs:cluster": unique(targets.map((arn) => arn.replace(/:service\/([^/]+)\/.*$/, ":cluster/$1"))),
        },
      },
    },
    ...(says(documents, "UpdateService", "taskDefinition") && targets.length > 0
      ? [
          {
            actions: ["iam:PassRole"],
            resources: [names.arn("iam", "role/*", `:${names.account}`)],
            conditions: { StringEquals: { "iam:PassedToService": "ecs-tasks.amazonaws.com" } },
          },
        ]
      : []),
  ],
  // An alias has no ARN of its own in IAM; both forms are given, for the console and the CLI differ in which they name.
  "lambda:UpdateAlias": ({ targets }) => [
    { actions: ["lambda:UpdateAlias"], resources: unique(targets.flatMap((alias) => [functionOf(alias), alias])) },
  ],
  "lambda:GetAlias": ({ targets }) => [
    { actions: ["lambda:GetAlias"], resources: unique(targets.flatMap((alias) => [functionOf(alias), alias])) },
  ],
  "lambda:PutFunctionConcurrency": ({ targets }) => [
    { actions: ["lambda:PutFunctionConcurrency"], resources: unique(targets.map(functionOf)) },
  ],
  "lambda:GetFunctionConcurrency": ({ targets }) => [
    { actions: ["lambda:GetFunctionConcurrency"], resources: unique(targets.map(functionOf)) },
  ],
  // It gives back the environment, where some keep secrets: of the targets and their versions alone.
  "lambda:GetFunctionConfiguration": ({ targets }) => [
    {
      actions: ["lambda:GetFunctionConfiguration"],
      resources: unique(targets.map(functionOf)).flatMap((arn) => [arn, `${arn}:*`]),
    },
  ],
  "rds:ModifyDBProxyTargetGroup": ({ targets, names }) => [
    {
      actions: ["rds:ModifyDBProxyTargetGroup"],
      resources: targets.length === 0 ? [] : [names.arn("rds", "target-group:*")],
    },
  ],
  // A move receives from the one queue, sends to the others and deletes what it has sent.
  "sqs:StartMessageMoveTask": ({ targets }) => [
    {
      actions: ["sqs:StartMessageMoveTask", "sqs:ReceiveMessage", "sqs:SendMessage", "sqs:DeleteMessage"],
      resources: targets,
    },
  ],
};

const deploymentsOf = (environments: readonly string[]): readonly string[] =>
  unique(environments.flatMap((arn) => [applicationOf(arn), arn, `${arn}/deployment/*`]));

const standard = ({ action, access }: Permission, { targets }: Sight): readonly Grant[] => [
  { actions: [action], resources: access === "write" ? targets : ["*"] },
];

/** The calls of a runbook's documents by the API's name, each once, with the IAM action of that name. */
const callsOf = (documents: readonly AutomationDocument[]): ReadonlyMap<string, Permission> => {
  const calls = new Map<string, Permission>();
  for (const document of documents)
    for (const step of document.content.mainSteps) {
      const [permission] = permissionsOf([{ ...document, content: { ...document.content, mainSteps: [step] } }]);
      if ("Api" in step.inputs && permission !== undefined)
        calls.set(`${step.inputs.Service}:${step.inputs.Api}`, permission);
    }
  return new Map([...calls].sort(([one], [other]) => (one < other ? -1 : 1)));
};

/** What the role of a runbook may do: what its documents call, on what the configuration says is there to be mended. */
export const runbookGrants = (runbook: Runbook, configuration: Configuration, names: Names): readonly Grant[] => {
  const { automation, undo } = runbook.documents ?? {};
  const documents = [automation, undo].filter((one): one is AutomationDocument => one !== undefined && one !== null);
  const sight: Sight = {
    names,
    documents,
    targets: runbook.targetType === null ? [] : targetsOf(configuration, runbook.targetType),
    ofType: (type) => targetsOf(configuration, type),
  };
  return [...callsOf(documents)].flatMap(([call, permission]) => NEEDS[call]?.(sight) ?? standard(permission, sight));
};
