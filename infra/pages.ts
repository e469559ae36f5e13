import { Effect, PolicyStatement, ServicePrincipal, StarPrincipal } from "aws-cdk-lib/aws-iam";
import { Topic, TopicPolicy } from "aws-cdk-lib/aws-sns";
import { EmailSubscription } from "aws-cdk-lib/aws-sns-subscriptions";
import type { Construct } from "constructs";
import type { Configuration } from "../functions/core/configuration.ts";
import type { Names } from "./names.ts";

/** Where people are paged: by the agent, and by its own alarms with no function between. */
export const pageTopic = (scope: Construct, names: Names, { pager }: Configuration): Topic => {
  const topic = new Topic(scope, "Pages", { topicName: names.topic, displayName: `Quell (${names.name})` });
  const policy = new TopicPolicy(scope, "PagesPolicy", { topics: [topic] });
  policy.document.addStatements(
    new PolicyStatement({
      sid: "AlarmsOfThisAccount",
      principals: [new ServicePrincipal("cloudwatch.amazonaws.com")],
      actions: ["sns:Publish"],
      resources: [topic.topicArn],
      conditions: {
        StringEquals: { "aws:SourceAccount": names.account },
        ArnLike: { "aws:SourceArn": names.alarmArn(`${names.ownAlarmPrefix}*`) },
      },
    }),
    new PolicyStatement({
      sid: "TlsOnly",
      effect: Effect.DENY,
      principals: [new StarPrincipal()],
      actions: ["sns:Publish"],
      resources: [topic.topicArn],
      conditions: { Bool: { "aws:SecureTransport": "false" } },
    }),
  );
  for (const email of pager.emails) topic.addSubscription(new EmailSubscription(email));
  return topic;
};
