import type { SNSClient } from "@aws-sdk/client-sns";
import { snsPager } from "../../adapters/aws/sns-pager.ts";
import { firstThatAnswers } from "../../adapters/pager/both.ts";
import { pagerDutyPager } from "../../adapters/pager/pagerduty.ts";
import { slackApprovals } from "../../adapters/slack/approvals.ts";
import { slackClient } from "../../adapters/slack/client.ts";
import type { Configuration } from "../../core/configuration.ts";
import { once } from "../../core/once.ts";
import type { Approvals, Ledger, Pager } from "../../core/ports.ts";

export type Secrets = (name: string) => Promise<string>;

/** Pages through PagerDuty where it is configured, and through the stack's own topic where that does not answer. */
export const pagerOf = (
  { pager }: Pick<Configuration, "pager">,
  to: Readonly<{ sns: SNSClient; topicArn: string; ledger: Ledger; secrets: Secrets }>,
): Pager => {
  const topic = snsPager(to.sns, to.topicArn, to.ledger);
  if (pager.kind === "sns") return topic;
  const { routingKeySecret } = pager;
  return firstThatAnswers(pagerDutyPager({ routingKey: () => to.secrets(routingKeySecret), ledger: to.ledger }), topic);
};

/** Cards in Slack; answers from where the function that verifies them writes them. Nobody is asked where no Slack is configured. */
export const approvalsOf = (
  { slack, settings }: Configuration,
  at: Readonly<{ votes: Approvals["votes"]; ledger: Ledger; pager: Pager; secrets: Secrets }>,
): Approvals => {
  const { votes } = at;
  if (slack === undefined) return { ask: nobodyToAsk, votes, settle: async () => {} };
  const client = once(async () => slackClient(await at.secrets(slack.botTokenSecret), slack.apiUrl));
  return slackApprovals({
    web: {
      chat: {
        postMessage: async (message) => (await client()).chat.postMessage(message),
        update: async (message) => (await client()).chat.update(message),
      },
    },
    ...{ channelId: slack.channelId, ledger: at.ledger, votes },
    environmentOf: ({ target }) => settings.services.find(({ name }) => name === target.service)?.environment ?? null,
    // A name of its own: the page that ends the incident must still go out.
    fallback: (incidentId, summary) =>
      at.pager.page({ incidentId: `${incidentId}/approval`, severity: 2, summary, details: [] }),
  });
};

const nobodyToAsk: Approvals["ask"] = async () => {
  throw new Error("nobody can be asked: quell.config.ts names no slack");
};
