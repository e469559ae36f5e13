import type { Chapter } from "./chapter.ts";
import type { Context } from "./context.ts";
import { type Decision, decide } from "./decide.ts";
import type { AlarmSnapshot } from "./evidence.ts";
import { FEATURES_HASH } from "./features.ts";
import { gatherContext } from "./gather.ts";
import { changeIncident, isAllGone, isAllOk } from "./incident.ts";
import { currentIncident, modeFor, type Session, serviceFor, subjectOf } from "./session.ts";
import type { Tried } from "./stages.ts";
import { type MadeUnder, readDecision, type StoredDecision, storeDecision } from "./stored-decision.ts";
import { stormNow } from "./storm.ts";
import { joinUmbrella } from "./umbrella.ts";
import { type Baseline, baselineOf } from "./verify.ts";

/**
 * A decision, or why there is none to make: every alarm is OK, every alarm was deleted, a storm has taken the incident
 * in, or reconcile has taken this execution for dead and answers for the incident itself.
 */
export type Now =
  | Readonly<{ kind: "sealed" }>
  | Readonly<{ kind: "merged" }>
  | Readonly<{ kind: "gone" }>
  | Readonly<{ kind: "decided"; decision: Decision }>
  | Readonly<{ kind: "quiet"; nowMs: number; alarms: readonly AlarmSnapshot[]; baseline: Baseline }>;

const triedIn = (chapters: readonly Chapter[]): readonly Tried[] =>
  chapters.map(({ decision, deed }) => {
    const { result, weighed } = decision;
    const index = result.kind === "chosen" ? result.index : weighed.findIndex((one) => one.probability === 1);
    const candidate = weighed[index]?.verdict.candidate;
    return {
      step: decision.step,
      runbook: candidate?.runbook ?? "",
      target: candidate?.target ?? null,
      outcome: deed.outcome.kind,
    };
  });

/** The alarms as CloudWatch showed them; null where they could not be read. */
const alarmsRead = ({ alarms, missing }: Context): Context["alarms"] | null =>
  missing.some(({ source }) => source === "alarms") ? null : alarms;

const taken = (stored: StoredDecision | "sealed"): Now =>
  stored === "sealed" ? { kind: "sealed" } : { kind: "decided", decision: stored.decision };

const madeUnder = ({ catalogue, guardrails }: Session["ports"]): MadeUnder => ({
  features_hash: FEATURES_HASH,
  catalogue_hash: catalogue.hash,
  guardrails_hash: guardrails.hash,
});

/**
 * Gathers, decides, and writes the decision down under `decision#ID/STEP` before anything comes of it. A retry that
 * finds it written takes that one: what was announced is what is carried out. It is counted before it is written, so
 * that none is stored of which the incident does not know.
 */
export const decideNow = async (session: Session, chapters: readonly Chapter[]): Promise<Now> => {
  const { ports, settings, incidentId } = session;
  const incident = await currentIncident(session);
  const service = serviceFor(settings, incident);
  const nowMs = ports.clock.nowMs();
  const step = chapters.length;
  const before = await readDecision(ports.ledger, incidentId, step);
  if (before !== null) return taken(before);
  const storm = await stormNow(ports.ledger, settings, nowMs);
  if (incident.terminal === "MERGED" || (step === 0 && (await joinUmbrella(session, incident, storm))))
    return { kind: "merged" };
  const subject = await subjectOf(session, incident, nowMs);
  const context = await gatherContext(ports.evidence, settings, service, subject, {
    nowMs,
    step,
    tried: triedIn(chapters),
  });
  // Read again: a deletion that was noted while evidence was gathered explains why an alarm is missing from it.
  const { keys, gone } = await currentIncident(session);
  if (isAllGone({ keys, gone }, alarmsRead(context))) return { kind: "gone" };
  if (isAllOk({ keys, gone }, context.alarms))
    return {
      kind: "quiet",
      nowMs,
      alarms: context.alarms,
      baseline: baselineOf(service, context.series, nowMs),
    };
  const decision = await decide(ports, settings, modeFor(settings, service), context);
  await changeIncident(ports.ledger, incidentId, (current) =>
    current.decided > step ? undefined : { ...current, decided: step + 1 },
  );
  const deed = chapters.at(-1)?.deed ?? null;
  return taken(await storeDecision(ports.ledger, { decision, madeUnder: madeUnder(ports), before: deed }));
};
