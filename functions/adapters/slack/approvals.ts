import type { KnownBlock } from "@slack/types";
import {
  type AskedCard,
  cardKey,
  newAskedCard,
  newestCardKey,
  opaqueIdOf,
  parseAskedCard,
  readAskedCard,
} from "../../core/asked-card.ts";
import type { Json } from "../../core/json.ts";
import { change } from "../../core/ledger.ts";
import type { Approvals, Ledger } from "../../core/ports.ts";
import type { Card, Vote } from "../../core/stages.ts";
import { type Pace, type Patience, patiently, REAL_PACE } from "../http/patiently.ts";
import { cardMessage, type Message, settledMessage, withoutButtons } from "./card-blocks.ts";
import { adviceOn, waitAfterSlack } from "./client.ts";

/** The two methods of Slack's WebClient that are called. */
export type SlackWeb = Readonly<{
  chat: Readonly<{
    postMessage: (
      message: Readonly<{
        channel: string;
        text: string;
        blocks: KnownBlock[];
        unfurl_links: false;
        unfurl_media: false;
      }>,
    ) => Promise<Readonly<{ ts?: string | undefined; channel?: string | undefined }>>;
    update: (
      message: Readonly<{ channel: string; ts: string; text: string; blocks: KnownBlock[] }>,
    ) => Promise<unknown>;
  }>;
}>;

export type SlackApprovalsParts = Readonly<{
  web: SlackWeb;
  channelId: string;
  ledger: Ledger;
  /** Everybody's answers, from where the verified ones are written. */
  votes: (decisionId: string) => Promise<readonly Vote[]>;
  /** In its owner's own word, of the service that owns the target; null where none does. */
  environmentOf: (card: Card) => string | null;
  /** Reaches people by another way when Slack does not take a card. */
  fallback?: (incidentId: string, text: string) => Promise<void>;
  pace?: Pace;
}>;

/** A card that Slack did not take. The question stays open: whoever asks tries again, or hands over to people. */
export class CardNotShown extends Error {
  override readonly name = "CardNotShown";
}

/** Seconds matter, and the journal asks again: a Retry-After beyond this is left to it. */
const POSTING: Patience = { deadlineMs: 20_000, mostTries: 4 };
/** How it ended is also in the ledger: what was consented to does not wait for Slack. */
const SETTLING: Patience = { deadlineMs: 3_000, mostTries: 2 };

/**
 * Approvals in a Slack channel. The ledger's card is written before the message is posted and learns its `ts` after, so a
 * crash between the two posts a second message of the same card: both carry the same opaque id, the newest is the one
 * that answers count on and that is replaced in the end, and the older one's buttons then say so.
 */
export const slackApprovals = (parts: SlackApprovalsParts): Approvals => {
  const { ledger, votes, pace = REAL_PACE } = parts;
  return {
    ask: (card) => ask(parts, pace, card),
    votes,
    settle: async (decisionId, text) => {
      const opaqueId = (await ledger.read(newestCardKey(decisionId)))?.item;
      if (typeof opaqueId !== "string") return;
      // First of all: from here on a click says how it ended, whatever Slack still shows.
      const card = await changeCard(ledger, opaqueId, (kept) => ({ ...kept, settled: text }));
      if (card?.ts != null && card.channel !== null) await replace(parts, pace, card, card.channel, card.ts, text);
    },
  };
};

const ask = async (parts: SlackApprovalsParts, pace: Pace, card: Card): Promise<void> => {
  const { web, ledger, channelId } = parts;
  const { decisionId, plan } = card;
  const opaqueId = opaqueIdOf(decisionId, plan.hash);
  const known = await readAskedCard(ledger, opaqueId);
  if (known?.ts != null) return;
  const message = cardMessage(card, opaqueId, parts.environmentOf(card));
  await keepCard(ledger, opaqueId, newAskedCard(card, JSON.stringify(withoutButtons(message))));
  await change(ledger, newestCardKey(decisionId), (item) => (item === opaqueId ? { stop: null } : { write: opaqueId }));
  const posting = {
    ...{ channel: channelId, text: message.text, blocks: [...message.blocks] },
    ...({ unfurl_links: false, unfurl_media: false } as const),
  };
  const posted = await patiently(POSTING, pace, waitAfterSlack, () => web.chat.postMessage(posting)).catch(
    async (cause: unknown) => {
      await tellElsewhere(parts, opaqueId, card);
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new CardNotShown(`Slack did not take the card of ${decisionId}: ${why}${adviceOn(cause)}`, { cause });
    },
  );
  const { ts = null, channel = channelId } = posted;
  await changeCard(ledger, opaqueId, (kept) => ({ ...kept, ts, channel }));
};

/** Once a card: whoever asks again would tell the same again. What fails here is told by the caller's own error. */
const tellElsewhere = async (
  { ledger, fallback }: SlackApprovalsParts,
  opaqueId: string,
  card: Card,
): Promise<void> => {
  if (fallback === undefined) return;
  try {
    if ((await readAskedCard(ledger, opaqueId))?.isToldElsewhere !== false) return;
    await fallback(card.incidentId, `approval needed for ${card.plan.runbook}; Slack does not answer`);
    await changeCard(ledger, opaqueId, (kept) => ({ ...kept, isToldElsewhere: true }));
  } catch {
    // The question's own failure is thrown next, and leads to a page by its own path.
  }
};

/** Replaces the buttons by how it ended. A message that is gone, and a Slack that does not answer, change nothing. */
const replace = async (
  { web, votes }: SlackApprovalsParts,
  pace: Pace,
  card: AskedCard,
  channel: string,
  ts: string,
  text: string,
): Promise<void> => {
  try {
    // Who answered is worth saying, and not worth leaving the buttons for.
    const given = await votes(card.decisionId).catch(() => []);
    const ours = given.filter(({ planHash }) => planHash === card.planHash);
    const { text: shown, blocks } = settledMessage(JSON.parse(card.shown) as Message, howItEnded(text, ours));
    await patiently(SETTLING, pace, waitAfterSlack, () =>
      web.chat.update({ channel, ts, text: shown, blocks: [...blocks] }),
    );
  } catch {
    // The ledger says how it ended, and whoever clicks is told.
  }
};

const howItEnded = (text: string, votes: readonly Vote[]): string => {
  const said = votes
    .toSorted((a, b) => a.atMs - b.atMs)
    .map(({ person, group, answer, reason }) => {
      const why = reason === "" ? "" : `: ${reason}`;
      return `${person} (${group}) ${answer === "approve" ? "approved" : "rejected"}${why}`;
    });
  return said.length === 0 ? text : `${text}. ${said.join("; ")}`;
};

/** What answers are held against, before anybody can answer. One that was not shown counts from this try on. */
const keepCard = async (ledger: Ledger, opaqueId: string, card: AskedCard): Promise<void> => {
  await change(ledger, cardKey(opaqueId), (item) => {
    const { expiresAtMs, shown } = card;
    const kept = parseAskedCard(item);
    if (kept?.ts != null) return { stop: null };
    return { write: { ...(kept ?? card), expiresAtMs, shown } satisfies Json };
  });
};

/** Changes a card that is there; null where there is none. */
const changeCard = async (
  ledger: Ledger,
  opaqueId: string,
  next: (card: AskedCard) => AskedCard,
): Promise<AskedCard | null> => {
  const decided = await change(ledger, cardKey(opaqueId), (item) => {
    const card = parseAskedCard(item);
    return card === null ? { stop: null } : { write: { ...next(card) } satisfies Json };
  });
  return "write" in decided ? parseAskedCard(decided.write) : null;
};
