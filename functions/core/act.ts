import { type Aftermath, settleEffect } from "./aftermath.ts";
import { judge, type Question, questionId, questionOf } from "./approve.ts";
import { ask } from "./ask.ts";
import type { Context } from "./context.ts";
import type { Decision } from "./decide.ts";
import { type Effect, execute, resumed, type Started } from "./execute.ts";
import { follow } from "./follow.ts";
import { gatherContext } from "./gather.ts";
import { suspendAutonomy } from "./grant-autonomy.ts";
import { anyRings } from "./guard-facts.ts";
import { ownerOf } from "./guard-scope.ts";
import { hashOf } from "./ids.ts";
import { standingKeys } from "./incident.ts";
import { because } from "./reasons.ts";
import { harmOf } from "./reward.ts";
import { findRunbook, type Runbook } from "./runbook.ts";
import { currentIncident, modeFor, type Session, serviceFor, subjectOf } from "./session.ts";
import type { Consent, Outcome, Plan, Refusal, RunStatus } from "./stages.ts";
import { takeBack } from "./undo.ts";
import { type Watched, watch } from "./watch.ts";

/** What came of carrying out one choice: everything that the record and the episode tell of it. */
export type Deed = Readonly<{
  outcome: Outcome;
  consent: Readonly<{ by: "policy" | "people"; people: readonly string[]; atMs: number }> | null;
  refusal: Refusal | null;
  /** Until when an answer counted; null where there was no plan. */
  expiresAtMs: number | null;
  /** How the run itself ended; null where nothing was started. */
  exit: RunStatus | null;
  undone: boolean;
  endedAtMs: number;
  /** The incident's `news` at the look that saw recovery; null where none was seen. */
  seenNews: number | null;
}>;

const secondsSince = (decision: Decision, atMs: number): number => Math.round((atMs - decision.decidedAtMs) / 1000);

/** Mints the consent again from the votes as they are stored, gathers fresh facts, and starts. */
const start = async (session: Session, decision: Decision, question: Question): Promise<Started> => {
  const { ports, settings } = session;
  const before = await resumed(ports, settings, session.incidentId, decision.step, question.plan);
  if (before !== null) return before;
  const incident = await currentIncident(session);
  // Reconcile closed it, because this execution was taken for stuck.
  if (incident.terminal !== null)
    return { kind: "not-run", because: because("stale-plan", "the incident was closed meanwhile") };
  const service = serviceFor(settings, incident);
  const nowMs = ports.clock.nowMs();
  const subject = await subjectOf(session, incident, nowMs);
  const context = await gatherContext(ports.evidence, settings, service, subject, {
    nowMs,
    step: decision.step,
    tried: [],
  });
  const votes = question.consents === 0 ? [] : await ports.approvals.votes(questionId(question));
  const judged = judge(question, votes, nowMs);
  const stale = (detail: string): Started => ({ kind: "not-run", because: because("stale-plan", detail) });
  // An event on the bus is only a doorbell: CloudWatch itself is asked again before anything is done.
  if (context.alarms.length < standingKeys(incident, context.alarms).length)
    return stale("the alarm could not be read again");
  if (!anyRings(context)) return stale("no alarm of the incident rings any more");
  const dark = wentDark(decision, context);
  if (dark.length > 0) return stale(`it cannot be read any more: ${dark.join(", ")}`);
  if (judged.kind !== "consented") return stale("the consent does not stand any more");
  if (isOvertaken(session, decision, question.plan, context))
    return stale(
      `the plan is ${Math.round((nowMs - question.plan.madeAtMs) / 60_000)} min old and does not suit any more`,
    );
  return execute(ports, settings, modeFor(settings, service), judged.consent, context);
};

/**
 * Sources that the decision could read and that cannot be read now: what would speak against the effect may stand there.
 * Log lines speak to people and to drafters alone.
 */
const wentDark = (decision: Decision, context: Context): readonly string[] =>
  context.missing
    .map(({ source }) => source)
    .filter((source) => source !== "logs" && !decision.missing.some((one) => one.source === source));

/** Whether a plan that has waited too long is one that its runbook's own rules made and would not make again. */
const isOvertaken = (session: Session, decision: Decision, plan: Plan, context: Context): boolean => {
  if (context.nowMs - plan.madeAtMs <= session.settings.planAgeSeconds * 1000) return false;
  if (decision.result.kind !== "chosen" || decision.result.candidate.fit === null) return false;
  const runbook = findRunbook(session.ports.catalogue, plan.runbook, plan.version);
  const again = runbook?.suits(context).find(({ target }) => target === plan.target);
  return again === undefined || hashOf(again.params) !== hashOf(plan.params);
};

const verified = async (
  session: Session,
  decision: Decision,
  plan: Plan,
  runbook: Runbook,
  effect: Effect,
): Promise<Omit<Deed, "consent" | "refusal" | "expiresAtMs">> => {
  const { step } = decision;
  const run = await follow(session, `run-${step}`, effect, runbook);
  const watched =
    run.status === "succeeded"
      ? await watch(session, {
          name: `verify-${step}`,
          untilMs: (run.endedAtMs ?? effect.atMs) + session.settings.verifySeconds * 1000,
          baseline: decision.baseline,
          stopWhenWorse: true,
        })
      : null;
  if (watched?.kind === "recovered") {
    const by = watched.okAtMs !== null && watched.okAtMs < run.startedAtMs ? "self" : "action";
    await settle(session, step, effect, "helped", run.status);
    const afterSeconds = secondsSince(decision, watched.endedAtMs);
    return {
      outcome: { kind: "recovered", by, afterSeconds },
      exit: run.status,
      undone: false,
      endedAtMs: watched.endedAtMs,
      seenNews: watched.news,
    };
  }
  const endedAtMs = watched?.endedAtMs ?? run.endedAtMs ?? effect.atMs;
  if (run.status === "unknown" || watched?.kind === "unknown") {
    // Nothing is taken back blindly: it may have helped, and an undo is an effect too.
    await settle(session, step, effect, "unknown", run.status);
    const detail = watched === null ? (run.reason ?? "nobody knows how the run ended") : "recovery could not be seen";
    const afterSeconds = secondsSince(decision, endedAtMs);
    const outcome = { kind: "unknown", afterSeconds, detail } as const;
    return { outcome, exit: run.status, undone: false, endedAtMs, seenNews: null };
  }
  if (run.lost.length > 0) {
    // It may have changed something, and nobody knows any more what its undo would need.
    await settle(session, step, effect, "undo-failed", run.status);
    const lost = `what it takes is too long to be kept: ${run.lost.join(", ")}`;
    const outcome = { kind: "undo-failed", afterSeconds: secondsSince(decision, endedAtMs), step: lost } as const;
    await endAutonomy(session, decision, effect, harmSeen(outcome, watched));
    return { outcome, exit: run.status, undone: false, endedAtMs, seenNews: null };
  }
  const back = await takeBack(session, decision, plan, runbook, effect, run, watched);
  await settle(session, step, effect, back.aftermath, back.status);
  await endAutonomy(session, decision, effect, harmSeen(back.outcome, watched));
  return {
    outcome: back.outcome,
    exit: run.status,
    undone: back.undone,
    endedAtMs: decision.decidedAtMs + back.outcome.afterSeconds * 1000,
    seenNews: back.seenNews,
  };
};

const settle = (
  session: Session,
  step: number,
  effect: Effect,
  aftermath: Aftermath,
  ended: RunStatus | "not-started",
): Promise<null> =>
  session.journal.step(`settle-${step}`, async () => {
    await settleEffect(session.ports, session.settings, session.incidentId, effect, aftermath, ended);
    return null;
  });

/** The harm that was seen of an effect, though it was taken back; null where none was. What nobody knows was not seen. */
const harmSeen = (outcome: Outcome, watched: Watched | null): string | null => {
  if (watched?.regressed === true || harmOf(outcome, true) === "confirmed") return "it was seen to make things worse";
  return outcome.kind === "undo-failed" ? "it could not be taken back" : null;
};

/** At once: its next run asks a person, long before this one has become evidence. Nothing where no harm was seen. */
const endAutonomy = async (
  session: Session,
  decision: Decision,
  effect: Effect,
  harm: string | null,
): Promise<null> => {
  if (harm === null) return null;
  return session.journal.step(`suspend-${decision.step}`, async () => {
    const { ports, settings } = session;
    const owner = decision.target === null ? null : ownerOf(settings, decision.target);
    const { environment } = owner ?? serviceFor(settings, await currentIncident(session));
    const because = `${harm} in decision ${decision.decisionId}`;
    await suspendAutonomy(ports.ledger, { runbook: effect.runbook, environment }, because, ports.clock.nowMs());
    return null;
  });
};

const publicConsent = (consent: Consent): NonNullable<Deed["consent"]> => ({
  by: consent.by,
  people: consent.people,
  atMs: consent.atMs,
});

/** Carries out a chosen effect: approve, execute, verify, and undo what did not help. */
export const carryOut = async (session: Session, decision: Decision): Promise<Deed> => {
  const planned =
    decision.result.kind === "chosen" ? questionOf(session.incidentId, decision.step, decision.result) : null;
  if (planned === null) throw new Error(`${decision.decisionId}: there is no effect to carry out`);
  const runbook = findRunbook(session.ports.catalogue, planned.plan.runbook, planned.plan.version);
  if (runbook === null) throw new Error(`${planned.plan.runbook} left the catalogue while its incident was open`);

  const { judgement, question } = await ask(session, decision, planned);
  const { expiresAtMs } = question.plan;
  const nothing = { consent: null, refusal: null, expiresAtMs, exit: null, undone: false, seenNews: null } as const;
  if (judgement.kind === "refused") {
    const { refusal } = judgement;
    const afterSeconds = secondsSince(decision, refusal.atMs);
    return {
      ...nothing,
      outcome: { kind: "refused-by-people", afterSeconds, refusal },
      refusal,
      endedAtMs: refusal.atMs,
    };
  }
  const consent = publicConsent(judgement.consent);
  const started = await session.journal.step(`execute-${decision.step}`, () => start(session, decision, question));
  if (started.kind === "not-run") {
    const endedAtMs = Math.max(decision.decidedAtMs, consent.atMs);
    const afterSeconds = secondsSince(decision, endedAtMs);
    return { ...nothing, consent, outcome: { kind: "not-run", afterSeconds, because: started.because }, endedAtMs };
  }
  if (started.kind === "unsure") {
    const endedAtMs = Math.max(decision.decidedAtMs, consent.atMs);
    const outcome = {
      kind: "unknown",
      afterSeconds: secondsSince(decision, endedAtMs),
      detail: started.detail,
    } as const;
    return { ...nothing, consent, exit: "unknown", outcome, endedAtMs };
  }
  if (started.effect.dryRun) {
    const endedAtMs = started.effect.atMs;
    const outcome = { kind: "observed", afterSeconds: secondsSince(decision, endedAtMs) } as const;
    return { ...nothing, consent, outcome, endedAtMs };
  }
  return {
    consent,
    refusal: null,
    expiresAtMs,
    ...(await verified(session, decision, question.plan, runbook, started.effect)),
  };
};
