import type { Look } from "./doctor-account-setup.ts";
import { few, ok, warning } from "./doctor-finding.ts";

/** Whether the account's limits leave room for what the agent needs when many alarms ring at once. */

/** Deliveries that intake works on at a time, and the callers beside it: Slack, drafts, changes, reconcile. */
const INTAKES = 5;
const OTHERS = 5;
/** What CloudWatch grants at once to a whole account, dashboards included (docs: CloudWatch Logs Insights quotas). */
const MOST_QUERIES = 100;
/** "Concurrently executing automations" (docs: AWS Systems Manager endpoints and quotas). */
const AUTOMATIONS = { ServiceCode: "ssm", QuotaCode: "L-09101E66" } as const;

/** Functions that may run at once, against a storm's beginning: until it is declared every alarm has an execution. */
export const concurrencyFinding: Look = async ({ clients, configuration }) => {
  const { GetAccountSettingsCommand } = await import("@aws-sdk/client-lambda");
  const { AccountLimit } = await (await clients.lambda()).send(new GetAccountSettingsCommand({}));
  const free = AccountLimit?.UnreservedConcurrentExecutions ?? 0;
  const { respond = 0, intake = 0 } = configuration.reservedConcurrency;
  const needed = INTAKES + configuration.settings.storm.alarms + OTHERS - respond - intake;
  const found = `${free} functions may run at once in ${clients.region}; a storm needs ${needed} of them`;
  return free >= needed
    ? ok(found)
    : warning(
        found,
        "ask Service Quotas for more Lambda concurrent executions; until then a storm is answered late, not lost",
      );
};

/** Automations that may run at once, against those that Quell lets run. */
export const automationsFinding: Look = async ({ clients, configuration }) => {
  const { GetServiceQuotaCommand } = await import("@aws-sdk/client-service-quotas");
  const { Quota } = await (await clients.serviceQuotas()).send(new GetServiceQuotaCommand(AUTOMATIONS));
  const most = Quota?.Value ?? 0;
  const own = configuration.settings.budgets.runningInAll;
  const found = `${most} automations may run at once in ${clients.region}; Quell runs ${own}, and an undo for each`;
  return most >= 2 * own
    ? ok(found)
    : warning(found, "ask Service Quotas for more concurrently executing automations, or lower budgets.runningInAll");
};

/** Log queries that run now, against what the account may have: dashboards take from the same. */
export const logQueriesFinding: Look = async ({ clients, configuration }) => {
  const groups = [...new Set(configuration.settings.services.flatMap(({ logGroups }) => logGroups))];
  if (groups.length === 0) return ok("no service names a log group: no query is made");
  const { DescribeLogGroupsCommand, DescribeQueriesCommand } = await import("@aws-sdk/client-cloudwatch-logs");
  const logs = await clients.logs();
  const { queries = [] } = await logs.send(new DescribeQueriesCommand({ status: "Running" }));
  const found = await Promise.all(
    groups.map(async (name) => {
      const { logGroups = [] } = await logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: name, limit: 50 }));
      return { name, isThere: logGroups.some(({ logGroupName }) => logGroupName === name) };
    }),
  );
  const gone = found.filter(({ isThere }) => !isThere).map(({ name }) => name);
  const running = `${queries.length} of ${MOST_QUERIES} log queries run now`;
  if (gone.length > 0)
    return warning(
      `${running}; not there: ${few(gone)}`,
      "correct the service's logGroups: its logs are missing from every decision",
    );
  return queries.length < MOST_QUERIES / 2
    ? ok(`${running}; ${groups.length} log groups are there`)
    : warning(
        running,
        "slow down the dashboards that query logs: a decision goes on without log lines where none is free",
      );
};
