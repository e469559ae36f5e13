import { type Judgement, judge, type Question, questionId, withdrawn } from "./approve.ts";
import { cardFor } from "./card.ts";
import type { Decision } from "./decide.ts";
import { type Incident, isAllGone, isAllOk } from "./incident.ts";
import { currentIncident, doze, type Session } from "./session.ts";

/** How a question ended, and the question as people saw it: they have their whole time from then on. */
export type Asked = Readonly<{ judgement: Exclude<Judgement, { kind: "waiting" }>; question: Question }>;

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

/**
 * Shows people the question. Their time begins when they can see it, however long that took: a channel that was down for
 * a while takes nothing of it. Where this dies in between, a message that stands tells an earlier end than counts here.
 */
const show = async (session: Session, name: string, decision: Decision, question: Question): Promise<number> =>
  session.journal.step(`${name}-show`, async () => {
    const { approvals, catalogue, clock } = session.ports;
    await approvals.ask(cardFor(catalogue, decision, shownAt(question, clock.nowMs())));
    return clock.nowMs();
  });

const shownAt = (question: Question, atMs: number): Question => {
  const { plan } = question;
  return { ...question, plan: { ...plan, expiresAtMs: atMs + (plan.expiresAtMs - plan.madeAtMs) } };
};

/** Asks people where the policy wants them, and waits for their answer, the alarm's recovery or the expiry. */
export const ask = async (session: Session, decision: Decision, planned: Question): Promise<Asked> => {
  const name = `ask-${decision.step}`;
  let heard = await session.journal.step(`${name}-hear-0`, () => hear(session, planned));
  const shownAtMs = heard.judgement.kind === "waiting" ? await show(session, name, decision, planned) : null;
  const question = shownAtMs === null ? planned : shownAt(planned, shownAtMs);
  for (let turn = 1; heard.judgement.kind === "waiting"; turn += 1) {
    const seconds = (question.plan.expiresAtMs - Math.max(heard.nowMs, shownAtMs ?? 0)) / 1000;
    await doze(session, `${name}-nap-${turn}`, seconds, heard.news, () => isAnswered(session, question));
    heard = await session.journal.step(`${name}-hear-${turn}`, () => hear(session, question));
  }
  const { judgement } = heard;
  const text = judgement.kind === "consented" ? "approved" : judgement.refusal.kind;
  if (question.consents > 0)
    await session.journal.step(`${name}-settle`, async () => {
      await session.ports.approvals.settle(questionId(question), text);
      return null;
    });
  return { judgement, question };
};
