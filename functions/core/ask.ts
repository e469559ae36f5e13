import { type Judgement, judge, type Question, questionId, withdrawn } from "./approve.ts";
import { cardFor } from "./card.ts";
import type { Decision } from "./decide.ts";
import { type Incident, isAllGone, isAllOk } from "./incident.ts";
import { currentIncident, doze, type Session } from "./session.ts";

/** How a question ended. */
export type Asked = Exclude<Judgement, { kind: "waiting" }>;

type Heard = Readonly<{ judgement: Judgement; nowMs: number; news: number }>;

/** Reads the votes; alarms that recovered or were deleted meanwhile withdraw the question. */
const hear = async (session: Session, question: Question): Promise<Heard> => {
  const { approvals, clock } = session.ports;
  const incident = await currentIncident(session);
  const nowMs = clock.nowMs();
  const seen = { nowMs, news: incident.news };
  const judgement = judge(question, await approvals.votes(questionId(question)), nowMs);
  const overtaken = judgement.kind === "waiting" ? await whatOvertook(session, incident) : null;
  if (overtaken === null) return { judgement, ...seen };
  const note = `the alarm ${overtaken} before anybody answered`;
  return { judgement: { kind: "refused", refusal: { ...withdrawn(nowMs), note } }, ...seen };
};

/** What became of the alarms, where that ends the question. One that cannot be read may still ring: the question stays. */
const whatOvertook = async (session: Session, incident: Incident): Promise<"recovered" | "was deleted" | null> => {
  try {
    const alarms = await session.ports.evidence.alarms(incident.keys);
    if (isAllGone(incident, alarms)) return "was deleted";
    return isAllOk(incident, alarms) ? "recovered" : null;
  } catch {
    return null;
  }
};

/**
 * Whether the votes as they are stored now end the question: one that came after they were heard and before this bell was
 * stored rang a bell that was closed already. What cannot be read is no answer: reconcile rings again.
 */
const isAnswered = async ({ ports }: Session, question: Question): Promise<boolean> => {
  try {
    return judge(question, await ports.approvals.votes(questionId(question)), ports.clock.nowMs()).kind !== "waiting";
  } catch {
    return false;
  }
};

/** Asks people where the policy wants them, and waits for their answer, the alarm's recovery or the expiry. */
export const ask = async (session: Session, decision: Decision, question: Question): Promise<Asked> => {
  const name = `ask-${decision.step}`;
  let heard = await session.journal.step(`${name}-hear-0`, () => hear(session, question));
  for (let turn = 1; heard.judgement.kind === "waiting"; turn += 1) {
    const seconds = (question.plan.expiresAtMs - heard.nowMs) / 1000;
    const onceStored = async () => {
      if (turn === 1) await session.ports.approvals.ask(cardFor(session.ports.catalogue, decision, question));
      return isAnswered(session, question);
    };
    await doze(session, `${name}-nap-${turn}`, seconds, heard.news, onceStored);
    heard = await session.journal.step(`${name}-hear-${turn}`, () => hear(session, question));
  }
  const { judgement } = heard;
  const text = judgement.kind === "consented" ? "approved" : judgement.refusal.kind;
  if (question.consents > 0)
    await session.journal.step(`${name}-settle`, async () => {
      await session.ports.approvals.settle(questionId(question), text);
      return null;
    });
  return judgement;
};
