import type { Table } from "aws-cdk-lib/aws-dynamodb";
import type { Alias } from "aws-cdk-lib/aws-lambda";
import type { ITopic } from "aws-cdk-lib/aws-sns";
import { Construct } from "constructs";
import { type Configuration, type ConfigurationInput, parseConfiguration } from "../functions/core/configuration.ts";
import { alarmQueues, alarmRule, takeAlarms } from "./alarm-queue.ts";
import { drillAlarm, ownAlarms } from "./alarms.ts";
import { boundaryFor } from "./boundary.ts";
import { breakGlassPolicy } from "./break-glass.ts";
import { changeRules } from "./change-rules.ts";
import { dashboard } from "./dashboard.ts";
import { liveAlias, QuellFunction } from "./functions.ts";
import { type FunctionName, namesOf } from "./names.ts";
import { pageTopic } from "./pages.ts";
import { schedules } from "./schedules.ts";
import { SlackApi } from "./slack-api.ts";
import { approvalsTable, ledgerTable, recordsBucket } from "./stores.ts";

/**
 * The agent of one account and Region, for a CDK app of your own: put it into a stack of that account and Region, and its
 * `Runbooks` into another. Throws BadConfiguration.
 */
export class Quell extends Construct {
  /** Where people are paged; subscribe whatever you like. */
  readonly pages: ITopic;
  readonly ledger: Table;
  /** The alias of the function that answers incidents. */
  readonly respond: Alias;
  /** Every function with its role, to which you may grant what your keys need. */
  readonly functions: Readonly<Partial<Record<FunctionName, QuellFunction>>>;
  /** The Request URL for the Slack app; undefined where nobody is asked in Slack. */
  readonly slackUrl: string | undefined;

  constructor(scope: Construct, id: string, props: Readonly<{ configuration: ConfigurationInput | Configuration }>) {
    super(scope, id);
    const configuration = parseConfiguration(props.configuration);
    const names = namesOf(configuration);

    // What is kept.
    const ledger = ledgerTable(this, names);
    const approvals = approvalsTable(this, names);
    const records = recordsBucket(this, names);
    const pages = pageTopic(this, names, configuration);
    const queues = alarmQueues(this, names);

    // Who acts.
    const boundary = boundaryFor(this, "Boundary", {
      names,
      name: names.policyName("boundary"),
      passesTo: "ssm.amazonaws.com",
      isInNetwork: configuration.network !== undefined,
    });
    const around = { configuration, names, boundary, ledger, approvals, records, pages, alarms: queues.alarms };
    const draft = new QuellFunction(this, "draft", around);
    const respond = new QuellFunction(this, "respond", around);
    const live = liveAlias(respond.function);
    const starts = { ...around, respond: live };
    const intake = new QuellFunction(this, "intake", starts);
    const reconcile = new QuellFunction(this, "reconcile", starts);
    const changes = new QuellFunction(this, "changes", starts);
    const slack = configuration.slack === undefined ? undefined : new QuellFunction(this, "slack", starts);
    breakGlassPolicy(this, names);

    // What wakes them.
    alarmRule(this, names, configuration, queues);
    takeAlarms(this, queues, intake.function);
    changeRules(this, names, changes.function);
    schedules(this, names, reconcile.function);
    if (configuration.drill) drillAlarm(this, names);
    const api = slack && new SlackApi(this, "SlackApi", { names, configuration, slack: slack.function });

    // What tells how it is itself.
    const functions = [intake, respond, draft, reconcile, changes, ...(slack === undefined ? [] : [slack])];
    const watched = functions.map((one) => one.function);
    const alarms = ownAlarms(this, names, { queues, functions: watched, pages, hasDrill: configuration.drill });
    dashboard(this, names, { queues, functions: watched, alarms });

    this.pages = pages;
    this.ledger = ledger;
    this.respond = live;
    this.functions = { intake, respond, draft, reconcile, changes, ...(slack === undefined ? {} : { slack }) };
    this.slackUrl = api?.url;
  }
}
