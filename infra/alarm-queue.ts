import { Duration } from "aws-cdk-lib";
import { Match, Rule } from "aws-cdk-lib/aws-events";
import { PolicyStatement, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { EventSourceMapping, type IFunction } from "aws-cdk-lib/aws-lambda";
import { Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import type { Configuration } from "../functions/core/configuration.ts";
import { acknowledge } from "./acknowledgements.ts";
import type { Names } from "./names.ts";
import { to } from "./rule-target.ts";

/** After so many tries a message lies where a person sees it. */
const MOST_TRIES = 5;
/** A queue keeps nothing longer (docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html). */
const KEPT = Duration.days(14);
/** Of intake at once: alarms of one incident come together, and meet in one item of the ledger. */
const AT_ONCE = 5;

export type AlarmQueues = Readonly<{ alarms: Queue; dead: Queue }>;

/** Where alarms wait for intake: nothing is lost while Lambda has no room, and what cannot be taken is kept for people. */
export const alarmQueues = (scope: Construct, names: Names): AlarmQueues => {
  const common = { encryption: QueueEncryption.SQS_MANAGED, enforceSSL: true, retentionPeriod: KEPT };
  const dead = new Queue(scope, "DeadAlarms", { ...common, queueName: names.queue.dead });
  const alarms = new Queue(scope, "Alarms", {
    ...common,
    queueName: names.queue.alarms,
    // Six times as long as intake may take (docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html).
    visibilityTimeout: Duration.seconds(180),
    deadLetterQueue: { queue: dead, maxReceiveCount: MOST_TRIES },
  });
  acknowledge(dead, "AwsSolutions-SQS3", "it is the dead-letter queue of the alarms");
  return { alarms, dead };
};

/** What CloudWatch tells of an alarm: a change of its state, of one of its contributors, and of what it is. */
const KINDS = [
  "CloudWatch Alarm State Change",
  "CloudWatch Alarm Contributor State Change",
  "CloudWatch Alarm Configuration Change",
];

/** The rule that brings alarms of this account and Region, by the prefix of their names. */
export const alarmRule = (
  scope: Construct,
  names: Names,
  { alarmNamePrefix }: Configuration,
  { alarms }: AlarmQueues,
): Rule => {
  const rule = new Rule(scope, "AlarmRule", {
    ruleName: names.rule.alarms,
    description: "Alarms that Quell answers, into its queue",
    eventPattern: {
      source: ["aws.cloudwatch"],
      detailType: KINDS,
      account: [names.account],
      region: [names.region],
      // The agent's alarms about itself go to people and never to itself.
      ...(names.ownAlarmPrefix.startsWith(alarmNamePrefix)
        ? { resources: Match.anythingButPrefix(names.alarmArn(names.ownAlarmPrefix)) }
        : {}),
      ...(alarmNamePrefix === "" ? {} : { detail: { alarmName: Match.prefix(alarmNamePrefix) } }),
    },
  });
  rule.addTarget(to(alarms.queueArn));
  alarms.addToResourcePolicy(
    new PolicyStatement({
      sid: "TheRuleAlone",
      principals: [new ServicePrincipal("events.amazonaws.com")],
      actions: ["sqs:SendMessage"],
      resources: [alarms.queueArn],
      conditions: {
        ArnEquals: { "aws:SourceArn": names.ruleArn("alarms") },
        StringEquals: { "aws:SourceAccount": names.account },
      },
    }),
  );
  return rule;
};

/** Intake takes from the queue; a message that it could not take comes again alone. */
export const takeAlarms = (scope: Construct, { alarms }: AlarmQueues, intake: IFunction): EventSourceMapping =>
  new EventSourceMapping(scope, "TakeAlarms", {
    target: intake,
    eventSourceArn: alarms.queueArn,
    batchSize: 10,
    maxConcurrency: AT_ONCE,
    reportBatchItemFailures: true,
  });
