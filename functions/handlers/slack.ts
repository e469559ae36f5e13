import { courtesy, type Say } from "../adapters/http/courtesy.ts";
import { type HttpAnswer, readHttpEvent } from "../adapters/slack/http-event.ts";
import { readInteraction } from "../adapters/slack/interaction.ts";
import { isFromSlack } from "../adapters/slack/signature.ts";
import type { Tell } from "../adapters/slack/tell.ts";
import { answerOf, wordsAfter } from "../core/answer.ts";
import { readAskedCard } from "../core/asked-card.ts";
import type { Configuration } from "../core/configuration.ts";
import type { Approvals, Ledger } from "../core/ports.ts";
import type { Vote } from "../core/stages.ts";

export type SlackPorts = Readonly<{
  ledger: Pick<Ledger, "read">;
  /** Writes a person's first answer; a later one changes nothing. Comes back with the one that stands. */
  vote: (decisionId: string, vote: Vote) => Promise<Vote>;
  votes: Approvals["votes"];
  ring: (incidentId: string) => Promise<void>;
  tell: Tell;
  /** The signing secret of the Slack app. */
  secret: () => Promise<string>;
  nowMs: () => number;
  say: Say;
}>;

const DONE: HttpAnswer = { statusCode: 200, body: "" };
/** Of the three seconds after which Slack shows an error: the answer itself is written before. */
const COURTESY_MS = 1_500;

/**
 * Takes one click in Slack. Signed by Slack, or 401 before a byte of it is parsed; then the answer is written, the bell is
 * rung, the person is told. The same request again changes nothing, so no nonce is kept: a person's first answer stands,
 * and a bell carries no authority. Throws where the answer could not be written: Slack shows that, and the person clicks
 * again. Reconcile rings again what died between writing and ringing.
 */
export const slackWith =
  (ports: SlackPorts, configuration: Pick<Configuration, "slack" | "approvers">) =>
  async (event: unknown): Promise<HttpAnswer> => {
    const { nowMs, say } = ports;
    const request = readHttpEvent(event);
    if (request === null || !isFromSlack(await ports.secret(), request, nowMs())) return { statusCode: 401, body: "" };
    const interaction = readInteraction(request.rawBody);
    if (interaction === null) return DONE;
    const { click, responseUrl } = interaction;
    const tell = (text: string) =>
      courtesy("tell a person", COURTESY_MS, say, async () => responseUrl !== null && ports.tell(responseUrl, text));
    const card = await readAskedCard(ports.ledger, click.opaqueId);
    const answer = answerOf(configuration, click, card, nowMs());
    if (answer.kind === "refused") await tell(answer.says);
    if (answer.kind === "refused" || card === null) return DONE;
    const stands = await ports.vote(card.decisionId, answer.vote);
    const rung = courtesy(`ring ${card.incidentId}`, COURTESY_MS, say, () => ports.ring(card.incidentId));
    const votes = await ports.votes(card.decisionId).catch(() => [stands]);
    await Promise.all([rung, tell(wordsAfter(card, answer.vote, stands, votes))]);
    return DONE;
  };
