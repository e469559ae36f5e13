import type { ReadSecret } from "../../adapters/aws/secrets.ts";
import { slackApprovals } from "../../adapters/slack/approvals.ts";
import { slackClient } from "../../adapters/slack/client.ts";
import type { Configuration } from "../../core/configuration.ts";
import { madeFrom } from "../../core/made-from.ts";
import type { Approvals, Ledger, Pager } from "../../core/ports.ts";

/** Cards in a channel of Slack; answers from where the function that verifies them writes them. */
export const slackCards = (
  slack: NonNullable<Configuration["slack"]>,
  { settings }: Pick<Configuration, "settings">,
  at: Readonly<{ votes: Approvals["votes"]; ledger: Ledger; pager: Pager; secrets: ReadSecret }>,
): Approvals => {
  const client = madeFrom(
    () => at.secrets(slack.botTokenSecret),
    (token) => slackClient(token, slack.apiUrl),
  );
  return slackApprovals({
    web: {
      chat: {
        postMessage: async (message) => (await client()).chat.postMessage(message),
        update: async (message) => (await client()).chat.update(message),
      },
    },
    ...{ channelId: slack.channelId, ledger: at.ledger, votes: at.votes },
    environmentOf: ({ target }) => settings.services.find(({ name }) => name === target.service)?.environment ?? null,
    // A name of its own: the page that ends the incident must still go out.
    fallback: (incidentId, summary) =>
      at.pager.page({ incidentId: `${incidentId}/approval`, severity: 2, summary, details: [] }),
  });
};
