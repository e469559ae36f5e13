import type { AskedCard } from "./asked-card.ts";
import type { Configuration } from "./configuration.ts";
import { isoTime } from "./ids.ts";
import { readIncident } from "./incident.ts";
import type { Ports } from "./ports.ts";
import type { Vote } from "./stages.ts";

/** One click on a card, as its verified request tells it. Names are not in it: anybody may choose theirs. */
export type Click = Readonly<{
  /** Of the workspace where it was clicked, and of the one that the person belongs to: a guest's differ. */
  teamId: string;
  userTeamId: string;
  userId: string;
  answer: Vote["answer"];
  opaqueId: string;
  channelId: string;
  messageTs: string;
  /** What the person typed; "" where nothing. */
  reason: string;
}>;

export const UNANSWERED = [
  "no-slack",
  "wrong-team",
  "no-approver",
  "unknown-card",
  "other-message",
  "settled",
  "expired",
  "reason-needed",
] as const;

/** An answer that counts, or why it does not, in words for the person who clicked. */
export type Answered =
  | Readonly<{ kind: "counts"; vote: Vote }>
  | Readonly<{ kind: "refused"; code: (typeof UNANSWERED)[number]; says: string }>;

const refused = (code: (typeof UNANSWERED)[number], says: string): Answered => ({ kind: "refused", code, says });

/** From this tier on whoever approves says why, in their own words: it keeps a hand from clicking by habit. */
export const REASON_FROM_TIER = 2;

/** Longer than a sentence or two is no reason but a report. */
export const REASON_CHARACTERS = 300;

/**
 * Whether a click counts as an answer. Who may answer stands in the configuration, by ids; what is answered, and until
 * when, stands in the card as the ledger holds it. A stranger hears nothing of the card.
 * @param card as read by the click's opaque id; null where there is none
 */
export const answerOf = (
  { slack, approvers }: Pick<Configuration, "slack" | "approvers">,
  click: Click,
  card: AskedCard | null,
  nowMs: number,
): Answered => {
  if (slack === undefined) return refused("no-slack", "Quell is not set up to be answered here. Nothing was changed.");
  if (click.teamId !== slack.teamId || click.userTeamId !== slack.teamId)
    return refused("wrong-team", "Only people of this workspace may answer. Nothing was changed.");
  const approver = approvers
    .flatMap(({ group, people }) => people.map((one) => ({ group, ...one })))
    .find(({ slackUser }) => slackUser === click.userId);
  if (approver === undefined)
    return refused(
      "no-approver",
      "You are not among the approvers, so nothing was changed. They are named in quell.config.ts, by Slack user id.",
    );
  if (card === null) return refused("unknown-card", "Nobody is asked about this any more. Nothing was changed.");
  if (isOfOtherMessage(card, click))
    return refused("other-message", "This is not the newest message about it: answer there. Nothing was changed.");
  if (card.settled !== null)
    return refused("settled", `It had already ended (${card.settled}). Your click changed nothing.`);
  if (nowMs > card.expiresAtMs)
    return refused("expired", `It expired at ${timeOf(card.expiresAtMs)}. Your click changed nothing.`);
  const reason = click.reason.trim().slice(0, REASON_CHARACTERS).toWellFormed();
  if (click.answer === "approve" && card.tier >= REASON_FROM_TIER && reason === "")
    return refused(
      "reason-needed",
      `To approve at tier ${card.tier}, type why above the buttons, then approve again. Nothing was changed yet.`,
    );
  const { person, group } = approver;
  return {
    kind: "counts",
    vote: { person, group, answer: click.answer, planHash: card.planHash, reason, atMs: nowMs },
  };
};

/** A message that is known is held against the click; between posting and knowing, the opaque id alone tells. */
const isOfOtherMessage = ({ ts, channel }: AskedCard, click: Click): boolean =>
  (ts !== null && ts !== click.messageTs) || (channel !== null && channel !== click.channelId);

const timeOf = (atMs: number): string => `${isoTime(atMs).slice(11, 16)} UTC`;

/**
 * What a person hears who answered: a person's first answer stands, and of several people a rejection ends it.
 * @param given what this click said
 * @param standing what stands of this person
 * @param votes what stands of everybody
 */
export const wordsAfter = (card: AskedCard, given: Vote, standing: Vote, votes: readonly Vote[]): string => {
  const ours = votes.filter(({ planHash, atMs }) => planHash === card.planHash && atMs <= card.expiresAtMs);
  const rejections = ours.filter(({ answer }) => answer === "reject").toSorted((a, b) => a.atMs - b.atMs);
  const first =
    standing.answer === given.answer
      ? ""
      : `Your first answer stands: you ${SAID[standing.answer]} at ${timeOf(standing.atMs)}. `;
  const rejection = rejections[0];
  if (rejection !== undefined)
    return rejection.person === standing.person
      ? `${first}Rejected. The incident is yours now; nothing more is started for this plan.`
      : `${first}${rejection.person} rejected it at ${timeOf(rejection.atMs)}: nothing more is started for this plan.`;
  const approvals = new Set(ours.map((vote) => (card.consentsNeeded === 2 ? vote.group : vote.person))).size;
  const missing = Math.max(0, card.consentsNeeded - approvals);
  if (missing > 0) return `${first}Approved by you. One more is needed, from somebody of another group.`;
  return `${first}Approved. It starts if fresh numbers still speak for it.`;
};

const SAID: Readonly<Record<Vote["answer"], string>> = { approve: "approved", reject: "rejected" };

/**
 * Wakes an incident whose facts changed. Ringing again, an incident that does not sleep, and one that nobody knows are
 * success: the bell says nothing but that somebody should look. It is rung after the fact is written, so whoever repeats
 * it for every open incident that sleeps mends a process that died in between.
 */
export const ringIncident =
  (ports: Readonly<{ ledger: Pick<Ports["ledger"], "read">; executions: Pick<Ports["executions"], "ring"> }>) =>
  async (incidentId: string): Promise<void> => {
    const incident = await readIncident(ports.ledger, incidentId);
    if (incident !== null && incident.doorbell !== null) await ports.executions.ring(incident.doorbell);
  };
