import { RegionInfo } from "aws-cdk-lib/region-info";
import type { Configuration } from "../functions/core/configuration.ts";
import { drillAlarmName } from "../functions/core/drill.ts";

/** The functions of the agent, in the order in which an alarm meets them. */
export const FUNCTIONS = ["intake", "respond", "draft", "slack", "reconcile", "changes"] as const;
export type FunctionName = (typeof FUNCTIONS)[number];

/** The alias of respond that is started: an execution stays on the version that it began with. */
export const LIVE = "live";
/** Quell's own metrics, which its functions write as lines of their logs. */
export const METRICS = "Quell";

/**
 * The names of everything, known before anything is made: roles and alarms can then say exactly what they mean, and a
 * policy is the same text whether it is read in the template or in the account.
 */
export type Names = ReturnType<typeof namesOf>;

export const namesOf = (configuration: Configuration) => {
  const { name, settings } = configuration;
  const { account, region } = settings;
  const partition = RegionInfo.get(region).partition ?? "aws";
  const arn = (service: string, resource: string, where = `${region}:${account}`): string =>
    `arn:${partition}:${service}:${where}:${resource}`;
  const tables = { ledger: `${name}-ledger`, approvals: `${name}-approvals` };
  const bucket = `${name.toLowerCase()}-${account}-${region}`;
  const topic = `${name}-pages`;
  const queue = { alarms: `${name}-alarms`, dead: `${name}-alarms-dead` };
  const functionArn = (of: FunctionName): string => arn("lambda", `function:${name}-${of}`);
  /** No alarm of the agent about itself may wake the agent, whatever prefix it answers to. */
  const ownAlarmPrefix = `${name}-self-`;
  const rule = {
    alarms: `${name}-alarms`,
    reconcile: `${name}-reconcile`,
    daily: `${name}-daily`,
    changes: `${name}-changes`,
  };
  return {
    ...{ name, account, region, partition, arn },
    stacks: { agent: `${name}-agent`, runbooks: `${name}-runbooks` },
    tables,
    tableArn: (table: keyof typeof tables): string => arn("dynamodb", `table/${tables[table]}`),
    bucket,
    bucketArn: arn("s3", bucket, ":"),
    topic,
    topicArn: arn("sns", topic),
    queue,
    queueArn: (of: keyof typeof queue): string => arn("sqs", queue[of]),
    rule,
    ruleArn: (of: keyof typeof rule): string => arn("events", `rule/${rule[of]}`),
    functionName: (of: FunctionName): string => `${name}-${of}`,
    functionArn,
    liveArn: `${functionArn("respond")}:${LIVE}`,
    /** Executions and their callbacks are named below the version that runs them, never below an alias. */
    executionsArn: `${functionArn("respond")}:*`,
    /** Roles and policies are of the account, not of a Region: an agent in each Region needs names of its own. */
    functionRole: (of: FunctionName): string => `${name}-${region}-${of}`,
    policyName: (of: "boundary" | "runbook-boundary" | "break-glass"): string => `${name}-${region}-${of}`,
    logGroup: (of: FunctionName): string => `/aws/lambda/${name}-${of}`,
    accessLogGroup: `/aws/http-api/${name}-slack`,
    ownAlarmPrefix,
    drillAlarm: drillAlarmName(configuration),
    alarmArn: (alarm: string): string => arn("cloudwatch", `alarm:${alarm}`),
  };
};

/** The role that the documents of a runbook name as their own, in the Region where they run. */
export const runbookRole = ({ region }: Pick<Names, "region">, runbook: string): string =>
  `quell-runbook-${region}-${runbook}`;
export const runbookRoleArn = (names: Names, runbook: string): string =>
  names.arn("iam", `role/${runbookRole(names, runbook)}`, `:${names.account}`);
