import { type Judgement, judge, type Question, questionId, withdrawn } from "./approve.ts";
import { cardFor } from "./card.ts";
import type { Decision } from "./decide.ts";
import { currentIncident, doze, type Session } from "./session.ts";

/** How a question ended, and the incident's news as last seen. */
export type Asked = Readonly<{ judgement: Exclude<Judgement, { kind: "waiting" }>; news: number }>;

/** Reads the votes; an alarm that recovered meanwhile withdraws the question. */
const hear = async (
  session: Session,
  question: Question,
): Promise<Readonly<{ judgement: Judgement; news: number }>> => {
  const { approvals, clock, evidence } = session.ports;
  const incident = await currentIncident(session);
  const judgement = judge(question, await approvals.votes(questionId(question)), clock.nowMs());
  if (judgement.kind !== "waiting") return { judgement, news: incident.news };
  const alarms = await evidence.alarms(incident.keys);
  const recovered = alarms.length === incident.keys.length && alarms.every((alarm) => alarm.state === "OK");
  return recovered
    ? { judgement: { kind: "refused", refusal: withdrawn(clock.nowMs()) }, news: incident.news }
    : { judgement, news: incident.news };
};

/** Reminds at half time, so that an expiry never comes as a surprise. */
const SHARE_BEFORE_REMINDER = 0.5;

/** Asks people where the policy wants them, and waits for their answer, the alarm's recovery or the expiry. */
export const ask = async (session: Session, decision: Decision, question: Question): Promise<Asked> => {
  const name = `ask-${decision.step}`;
  let heard = await session.journal.step(`${name}-hear-0`, () => hear(session, question));
  for (let turn = 1; heard.judgement.kind === "waiting"; turn += 1) {
    const seconds = Math.max(1, ((question.plan.expiresAtMs - question.plan.madeAtMs) / 1000) * SHARE_BEFORE_REMINDER);
    const card = async () => {
      if (turn === 1) await session.ports.approvals.ask(cardFor(session.ports.catalogue, decision, question));
    };
    await doze(session, `${name}-nap-${turn}`, seconds, heard.news, card);
    heard = await session.journal.step(`${name}-hear-${turn}`, () => hear(session, question));
  }
  const { judgement, news } = heard;
  const text = judgement.kind === "consented" ? "approved" : judgement.refusal.kind;
  if (question.consents > 0)
    await session.journal.step(`${name}-settle`, async () => {
      await session.ports.approvals.settle(questionId(question), text);
      return null;
    });
  return { judgement, news };
};
