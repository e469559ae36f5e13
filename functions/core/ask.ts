import { type Judgement, judge, type Question, questionId, withdrawn } from "./approve.ts";
import { cardFor } from "./card.ts";
import type { Decision } from "./decide.ts";
import { currentIncident, doze, type Session } from "./session.ts";

/** How a question ended. */
export type Asked = Exclude<Judgement, { kind: "waiting" }>;

type Heard = Readonly<{ judgement: Judgement; nowMs: number; news: number }>;

/** Reads the votes; an alarm that recovered meanwhile withdraws the question. */
const hear = async (session: Session, question: Question): Promise<Heard> => {
  const { approvals, clock } = session.ports;
  const incident = await currentIncident(session);
  const nowMs = clock.nowMs();
  const seen = { nowMs, news: incident.news };
  const judgement = judge(question, await approvals.votes(questionId(question)), nowMs);
  if (judgement.kind !== "waiting" || !(await allQuiet(session, incident.keys))) return { judgement, ...seen };
  return { judgement: { kind: "refused", refusal: withdrawn(nowMs) }, ...seen };
};

/** Whether every alarm is known to be OK. One that cannot be read is not: the question then stays. */
const allQuiet = async (session: Session, keys: readonly string[]): Promise<boolean> => {
  try {
    const alarms = await session.ports.evidence.alarms(keys);
    return alarms.length === keys.length && alarms.every((alarm) => alarm.state === "OK");
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
    const card = async () => {
      if (turn === 1) await session.ports.approvals.ask(cardFor(session.ports.catalogue, decision, question));
    };
    await doze(session, `${name}-nap-${turn}`, seconds, heard.news, card);
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
