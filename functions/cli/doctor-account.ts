import { callerOf } from "./account-caller.ts";
import { accountClients } from "./account-clients.ts";
import { deployedNames, readStack } from "./account-stack.ts";
import { readConfiguration } from "./configuration-file.ts";
import { doctor } from "./doctor.ts";
import { permissionsFinding } from "./doctor-account-access.ts";
import { alarmsFinding } from "./doctor-account-alarms.ts";
import { deployedDocumentsFinding } from "./doctor-account-documents.ts";
import { automationsFinding, concurrencyFinding, logQueriesFinding } from "./doctor-account-limits.ts";
import { functionsFinding, identityFinding, stackFinding, subscriptionsFinding } from "./doctor-account-place.ts";
import { secretsFinding } from "./doctor-account-secrets.ts";
import { type Account, asking, askingDeployed } from "./doctor-account-setup.ts";
import { deadLettersFinding, drillFinding, switchFinding } from "./doctor-account-state.ts";
import { zonesFinding } from "./doctor-account-zones.ts";
import type { Check } from "./doctor-finding.ts";
import { modelCheck } from "./doctor-model.ts";
import type { ExitCode } from "./errors.ts";
import type { Screen } from "./screen.ts";

/**
 * `quell doctor --account`: whether what is deployed can work. It reads, and asks AWS with the caller's own credentials.
 * Throws BadInput where the configuration or the credentials cannot be used.
 */
export const doctorAccount = async (
  { config, json }: Readonly<{ config: string; json?: true }>,
  screen: Screen,
): Promise<ExitCode> => {
  const account = await accountOf(config);
  return doctor(json === true, screen, undefined, accountChecks(account));
};

/** What is examined, for whoever calls. Throws BadInput. */
export const accountOf = async (file: string): Promise<Account> => {
  const configuration = await readConfiguration(file);
  const clients = accountClients(configuration.settings.region, "read");
  const [names, caller] = [await deployedNames(configuration), await callerOf(clients)];
  let read: ReturnType<Account["stack"]> | undefined;
  return {
    ...{ configuration, file, names, clients, caller },
    stack: () => {
      read ??= readStack(clients, names.stacks.agent);
      return read;
    },
    ownRegion: process.env.AWS_REGION ?? process.env.AWS_DEFAULT_REGION ?? null,
    nowMs: Date.now(),
  };
};

/** What is looked at, in this order: first what the rest stands on. Adding a check is a line here. */
export const accountChecks = (account: Account): readonly Check[] => [
  asking("identity", "sts:GetCallerIdentity", account, identityFinding),
  asking("stack", "cloudformation:DescribeStacks", account, stackFinding),
  askingDeployed("functions", "lambda:GetFunctionConfiguration", account, functionsFinding),
  askingDeployed("permissions", "iam:SimulatePrincipalPolicy", account, permissionsFinding),
  asking("concurrency", "lambda:GetAccountSettings", account, concurrencyFinding),
  asking("automations", "servicequotas:GetServiceQuota", account, automationsFinding),
  asking("logs", "logs:DescribeQueries", account, logQueriesFinding),
  asking("secrets", "secretsmanager:DescribeSecret", account, secretsFinding),
  askingDeployed("pages", "sns:ListSubscriptionsByTopic", account, subscriptionsFinding),
  { name: "model", run: modelCheck },
  asking("alarms", "cloudwatch:DescribeAlarms", account, alarmsFinding),
  asking("zones", "elasticloadbalancing:DescribeTargetGroups", account, zonesFinding),
  askingDeployed("documents", "ssm:GetDocument", account, deployedDocumentsFinding),
  askingDeployed("dead letters", "sqs:GetQueueAttributes", account, deadLettersFinding),
  askingDeployed("switch", "dynamodb:GetItem", account, switchFinding),
  askingDeployed("drill", "cloudwatch:DescribeAlarmHistory", account, drillFinding),
];
