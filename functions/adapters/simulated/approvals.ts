import { z } from "zod";
import type { Json } from "../../core/json.ts";
import type { Approvals, Clock, Ledger } from "../../core/ports.ts";
import type { Card, Vote } from "../../core/stages.ts";

/** What a person says to a card. */
export type Answer = Readonly<{ answer: Vote["answer"]; reason: string }>;

/** Somebody who can be asked. */
export type Member = Readonly<{ person: string; group: string }>;

/** People behind the approvals. */
export type People = Readonly<{
  /** Who answers, in this order; a plan gets as many consents as it needs, but never more than there are people. */
  members: readonly Member[];
  /** Simulated seconds between a card and its answer; the same for the same card and time, which a restart asks again. */
  answersAfterSeconds: number | ((card: Card, askedAtMs: number) => number);
  /** What one of them says; nobody is asked after the first who rejects. */
  answer: (card: Card, member: Member) => Promise<Answer>;
}>;

/** What answers set off; each may be called again for the same incident and then changes nothing. */
export type AfterAnswer = Readonly<{
  /** Wakes the incident. */
  ring: (incidentId: string) => Promise<void>;
  /** Whoever rejects owns the incident: they go and see for themselves. */
  takeOver: (incidentId: string) => Promise<void>;
}>;

/** Approvals with the people behind them: whoever drives the clock lets them answer when they are due. */
export type SimulatedApprovals = Approvals &
  Readonly<{
    /** When the next answer is due, or null where no card is open. */
    nextAnswerMs: () => number | null;
    /** Lets everybody whose time has come answer; each answer is written first, then the bell is rung. */
    answerDue: (nowMs: number) => Promise<void>;
  }>;

/** A scripted person takes this long to read a card. */
export const SCRIPTED_ANSWER_SECONDS = 4 * 60;

/** People who always say the same; of two groups, so that a plan that needs two consents can get them. */
export const scriptedPeople = (answer: Vote["answer"]): People => ({
  members: [
    { person: "simulated-oncall", group: "oncall" },
    { person: "simulated-owner", group: "owners" },
  ],
  answersAfterSeconds: SCRIPTED_ANSWER_SECONDS,
  answer: async () => ({ answer, reason: answer === "approve" ? "scripted yes" : "scripted no" }),
});

const PREFIX = "question#";

// The card is written by this file alone, and comes back as it was written: JSON keeps it whole.
const question = z.object({
  card: z.custom<Card>((value) => typeof value === "object" && value !== null),
  askedAtMs: z.number(),
  votes: z.array(z.custom<Vote>((value) => typeof value === "object" && value !== null)),
  settled: z.string().nullable(),
  isRung: z.boolean(),
});
type Question = Readonly<z.infer<typeof question>>;

/**
 * Approvals answered by simulated people, kept in `desk` so that a restart finds every open card and given answer.
 * A crash between an answer and its bell rings again: the vote is read back, never asked for twice.
 */
export const simulatedApprovals = async (
  desk: Ledger,
  clock: Clock,
  people: People,
  after: AfterAnswer,
): Promise<SimulatedApprovals> => {
  const open = new Map<string, number>();
  for (const { item } of await desk.list(PREFIX)) track(open, question.parse(item), people);
  const update = async (decisionId: string, change: (kept: Question) => Question): Promise<Question | null> => {
    const kept = await desk.read(PREFIX + decisionId);
    if (kept === null) return null;
    const changed = change(question.parse(kept.item));
    await put(desk, changed, kept.version);
    track(open, changed, people);
    return changed;
  };
  return {
    ask: async (card) => {
      const kept = await desk.read(PREFIX + card.decisionId);
      if (kept !== null && question.parse(kept.item).card.plan.hash === card.plan.hash) return;
      const asked = { card, askedAtMs: clock.nowMs(), votes: [], settled: null, isRung: false };
      await put(desk, asked, kept?.version ?? null);
      track(open, asked, people);
    },
    votes: async (decisionId) => {
      const kept = await desk.read(PREFIX + decisionId);
      return kept === null ? [] : question.parse(kept.item).votes;
    },
    settle: async (decisionId, text) => {
      await update(decisionId, (kept) => ({ ...kept, settled: text }));
    },
    nextAnswerMs: () => (open.size === 0 ? null : Math.min(...open.values())),
    answerDue: async (nowMs) => {
      for (const [decisionId, dueAtMs] of [...open]) {
        if (dueAtMs > nowMs) continue;
        const kept = await desk.read(PREFIX + decisionId);
        if (kept === null) continue;
        const asked = question.parse(kept.item);
        const votes = asked.votes.length > 0 ? asked.votes : await votesOn(asked.card, people, nowMs);
        const answered = await update(decisionId, (now) => ({ ...now, votes }));
        if (answered === null) continue;
        const { incidentId } = answered.card;
        if (answered.votes.some(({ answer }) => answer === "reject")) await after.takeOver(incidentId);
        await after.ring(incidentId);
        await update(decisionId, (now) => ({ ...now, isRung: true }));
      }
    },
  };
};

const track = (open: Map<string, number>, asked: Question, people: People): void => {
  const { card, askedAtMs } = asked;
  const { answersAfterSeconds: after } = people;
  if (asked.isRung || asked.settled !== null) open.delete(card.decisionId);
  else open.set(card.decisionId, askedAtMs + (typeof after === "number" ? after : after(card, askedAtMs)) * 1000);
};

const put = async (desk: Ledger, asked: Question, expected: number | null): Promise<void> => {
  const item = { ...asked } as unknown as Json;
  if (!(await desk.write(PREFIX + asked.card.decisionId, item, expected)))
    throw new Error(`the card of ${asked.card.decisionId} was written by somebody else; run one gameday at a time`);
};

/** As many consents as the plan needs; one rejection is enough. */
const votesOn = async (card: Card, people: People, atMs: number): Promise<Vote[]> => {
  const votes: Vote[] = [];
  for (const member of people.members.slice(0, Math.max(1, card.consentsNeeded))) {
    const { answer, reason } = await people.answer(card, member);
    votes.push({ ...member, answer, planHash: card.plan.hash, reason, atMs });
    if (answer === "reject") break;
  }
  return votes;
};
