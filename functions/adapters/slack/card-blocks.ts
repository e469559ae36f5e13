import type {
  ActionsBlock,
  Button,
  ConfirmationDialog,
  KnownBlock,
  PlainTextElement,
  SectionBlock,
} from "@slack/types";
import { REASON_CHARACTERS, REASON_FROM_TIER } from "../../core/answer.ts";
import { isoTime } from "../../core/ids.ts";
import type { Card } from "../../core/stages.ts";
import { escaped, exactly, fitted, oneLine } from "./slack-text.ts";

/** A message as Slack takes it. `text` is what a screen reader reads and a notification shows: it says all that the blocks say. */
export type Message = Readonly<{ text: string; blocks: readonly KnownBlock[] }>;

// docs.slack.dev/reference/block-kit: a header's text, a section's, a button's label, a dialog's title and its text.
const HEADER_CHARACTERS = 150;
const SECTION_CHARACTERS = 3000;
const LABEL_CHARACTERS = 75;
const DIALOG_TITLE_CHARACTERS = 100;
const DIALOG_CHARACTERS = 300;
/** A message's top-level text is cut beyond 4,000 (docs.slack.dev/reference/methods/chat.postMessage). */
const TEXT_CHARACTERS = 4000;
/** Of the 50 blocks that a message may have: the parts below come to less than 40 at their longest. */
const MOST_SECTIONS = { facts: 8, parameters: 16, rest: 3 } as const;

/** The ids of what can be clicked and typed, as an interaction names them. */
export const APPROVE = "approve";
export const REJECT = "reject";
export const REASON = "reason";

/**
 * The card as Block Kit: computed facts first, then exactly what would run, how it is undone, why a person is asked, what
 * came second and until when the answer counts; then the buttons; last, and labelled, what a model said. Whatever was read
 * somewhere is plain text, escaped, and cut where Slack's limits cut it, which is said. No link, no image, no mention.
 * @param opaqueId all that the buttons carry
 * @param environment of the service that owns the target, in its owner's own word; null where none does
 */
export const cardMessage = (card: Card, opaqueId: string, environment: string | null): Message => {
  const parts = partsOf(card, environment);
  const title = `Approve? ${oneLine(card.title)}`;
  const blocks: readonly KnownBlock[] = [
    { type: "header", text: plainText(title, HEADER_CHARACTERS) },
    ...sections("What is seen", parts.facts, MOST_SECTIONS.facts),
    ...sections("What would run", parts.run, MOST_SECTIONS.parameters),
    ...sections("What it does", parts.effect, MOST_SECTIONS.rest),
    ...sections("What is expected", parts.expected, MOST_SECTIONS.rest),
    ...sections("Instead of", parts.instead, MOST_SECTIONS.rest),
    {
      type: "section",
      text: { type: "mrkdwn", text: `*Answers count until ${slackDate(card.expiresAtMs)}* (${utc(card.expiresAtMs)})` },
    },
    ...(card.tier < REASON_FROM_TIER ? [] : [reasonInput()]),
    buttons(card, opaqueId, environment),
    { type: "context", elements: [plainText(namesOf(card), SECTION_CHARACTERS)] },
    ...sections(MODEL_SAYS, parts.model, MOST_SECTIONS.rest),
  ];
  return { text: asText(card, title, parts), blocks };
};

const MODEL_SAYS = "The model's words, not a fact";

type Parts = Readonly<Record<"facts" | "run" | "effect" | "expected" | "instead" | "model", readonly string[]>>;

const partsOf = (card: Card, environment: string | null): Parts => ({
  facts: card.facts.map((fact) => `• ${oneLine(fact)}`),
  run: [
    `runbook: ${card.plan.runbook}@${card.plan.version}`,
    `target: ${oneLine(card.target.name)} (${oneLine(card.plan.target)})`,
    `environment: ${environment === null ? "unknown" : oneLine(environment)}`,
    ...Object.entries(card.plan.params)
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, value]) => `parameter ${oneLine(name)}: ${exactly(value)}`),
  ],
  effect: [
    `effect: ${oneLine(card.effect)}`,
    `undo: ${oneLine(card.undo)}`,
    `takes: about ${card.expectedMinutes} min`,
    `tier: T${card.tier}, needs ${consentWords(card)}`,
    ...(card.asks === null ? [] : [`asked because: ${oneLine(card.asks.detail)} (${card.asks.code})`]),
  ],
  expected: card.expects.map((sentence) => `• ${oneLine(sentence)}`),
  instead:
    card.runnerUp === null
      ? ["none"]
      : [oneLine(card.runnerUp), ...card.runnerUpExpects.map((sentence) => `• ${oneLine(sentence)}`)],
  model: card.drafterSays === null ? [] : [oneLine(card.drafterSays)],
});

const consentWords = ({ consentsNeeded }: Card): string =>
  consentsNeeded === 2 ? "2 consents, from people of two groups" : "1 consent";

const namesOf = ({ incidentId, decisionId, plan }: Card): string =>
  `incident ${incidentId} · decision ${decisionId} · plan ${plan.hash.slice(0, 12)}`;

const utc = (atMs: number): string => `${isoTime(atMs).slice(0, 16).replace("T", " ")} UTC`;

/** In the reader's own time zone; our number is all that is in it. */
const slackDate = (atMs: number): string => `<!date^${Math.floor(atMs / 1000)}^{time}|${utc(atMs)}>`;

const plainText = (text: string, most: number): PlainTextElement => ({
  type: "plain_text",
  text: fitted(text, most),
  emoji: false,
});

/** Lines under a heading, in as few sections as they fit in; no section where there is no line. Lines beyond the last are counted. */
const sections = (heading: string, lines: readonly string[], most: number): readonly SectionBlock[] => {
  const pages: string[][] = [];
  let length = 0;
  for (const line of lines) {
    // As long as it is once it is escaped; a line that fits in no section is cut there.
    const added = escaped(line).length + 1;
    if (pages.length === 0 || length + added > SECTION_CHARACTERS - 100) {
      pages.push([pages.length === 0 ? heading : `${heading}, continued`]);
      length = heading.length + 20;
    }
    pages.at(-1)?.push(line);
    length += added;
  }
  const shown = pages.slice(0, most);
  const left = pages.slice(most).reduce((sum, page) => sum + page.length - 1, 0);
  if (left > 0) shown.at(-1)?.push(`… ${left} more lines are not shown: do not approve what you cannot read`);
  return shown.map((page) => ({ type: "section", text: plainText(page.join("\n"), SECTION_CHARACTERS) }));
};

const reasonInput = (): KnownBlock => ({
  type: "input",
  block_id: REASON,
  optional: true,
  label: plainText("Why do you approve or reject it?", LABEL_CHARACTERS),
  hint: plainText("Needed to approve. It stands in the record.", LABEL_CHARACTERS),
  element: { type: "plain_text_input", action_id: REASON, max_length: REASON_CHARACTERS },
});

const buttons = (card: Card, value: string, environment: string | null): ActionsBlock => {
  const isGrave = card.tier >= REASON_FROM_TIER;
  const approve: Button = {
    type: "button",
    action_id: APPROVE,
    text: plainText("Approve", LABEL_CHARACTERS),
    accessibility_label: fitted(`Approve: ${oneLine(card.title)}`, LABEL_CHARACTERS),
    value,
    style: isGrave ? "danger" : "primary",
    ...(isGrave ? { confirm: confirmation(card, environment) } : {}),
  };
  const reject: Button = {
    type: "button",
    action_id: REJECT,
    text: plainText("Reject", LABEL_CHARACTERS),
    accessibility_label: fitted(`Reject: ${oneLine(card.title)}`, LABEL_CHARACTERS),
    value,
  };
  return { type: "actions", block_id: "answer", elements: [approve, reject] };
};

const confirmation = (card: Card, environment: string | null): ConfirmationDialog => ({
  title: plainText(
    `Approve in ${environment === null ? "an unknown environment" : oneLine(environment)}?`,
    DIALOG_TITLE_CHARACTERS,
  ),
  text: plainText(
    `${card.plan.runbook} on ${oneLine(card.target.name)}. Undo: ${oneLine(card.undo)}. Tier T${card.tier}.`,
    DIALOG_CHARACTERS,
  ),
  confirm: plainText("Approve", 30),
  deny: plainText("Back", 30),
  style: "danger",
});

const asText = (card: Card, title: string, parts: Parts): string =>
  fitted(
    [
      `${title} (answer until ${utc(card.expiresAtMs)})`,
      ...parts.facts,
      ...parts.run,
      ...parts.effect,
      ...parts.expected,
      ...parts.instead.map((line, index) => (index === 0 ? `instead of: ${line}` : line)),
      namesOf(card),
      ...parts.model.map((line) => `${MODEL_SAYS}: ${line}`),
    ].join("\n"),
    TEXT_CHARACTERS,
  );

/** What stays of a message when nobody can answer it any more: all of it but what can be clicked and typed. */
export const withoutButtons = ({ text, blocks }: Message): Message => ({
  text,
  blocks: blocks.filter(({ type }) => type !== "actions" && type !== "input"),
});

/** The same with how it ended in front. @param how in words */
export const settledMessage = ({ text, blocks }: Message, how: string): Message => {
  const ended = `Ended: ${oneLine(how)}`;
  return {
    text: `${fitted(ended, SECTION_CHARACTERS)}\n${text}`.slice(0, TEXT_CHARACTERS),
    blocks: [{ type: "section", text: plainText(ended, SECTION_CHARACTERS) }, ...blocks],
  };
};
