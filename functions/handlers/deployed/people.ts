import type { SNSClient } from "@aws-sdk/client-sns";
import type { ReadSecret } from "../../adapters/aws/secrets.ts";
import { snsPager } from "../../adapters/aws/sns-pager.ts";
import { firstThatAnswers } from "../../adapters/pager/both.ts";
import { PAGERDUTY_ENDPOINTS, pagerDutyPager } from "../../adapters/pager/pagerduty.ts";
import type { Configuration } from "../../core/configuration.ts";
import { once } from "../../core/once.ts";
import type { Approvals, Ledger, Pager } from "../../core/ports.ts";

/** Pages through PagerDuty where it is configured, and through the stack's own topic where that does not answer. */
export const pagerOf = (
  { pager }: Pick<Configuration, "pager">,
  to: Readonly<{ sns: SNSClient; topicArn: string; ledger: Ledger; secrets: ReadSecret }>,
): Pager => {
  const topic = snsPager(to.sns, to.topicArn, to.ledger);
  if (pager.kind === "sns") return topic;
  const { routingKeySecret, region } = pager;
  const routingKey = () => to.secrets(routingKeySecret);
  const duty = pagerDutyPager({ routingKey, ledger: to.ledger, endpoint: PAGERDUTY_ENDPOINTS[region] });
  return firstThatAnswers(duty, topic);
};

/** Cards in Slack, whose client is loaded by the first of them. Nobody is asked where no Slack is configured. */
export const approvalsOf = (
  { slack, settings }: Pick<Configuration, "slack" | "settings">,
  at: Readonly<{ votes: Approvals["votes"]; ledger: Ledger; pager: Pager; secrets: ReadSecret }>,
): Approvals => {
  const { votes } = at;
  if (slack === undefined) return { ask: nobodyToAsk, votes, settle: async () => {} };
  const cards = once(async () => (await import("./cards.ts")).slackCards(slack, { settings }, at));
  return {
    ask: async (...asked) => (await cards()).ask(...asked),
    votes,
    settle: async (...settled) => (await cards()).settle(...settled),
  };
};

const nobodyToAsk: Approvals["ask"] = async () => {
  throw new Error("nobody can be asked: quell.config.ts names no slack");
};
