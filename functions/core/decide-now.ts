import type { Chapter } from "./chapter.ts";
import type { Context } from "./context.ts";
import { type Decision, decide } from "./decide.ts";
import type { AlarmSnapshot } from "./evidence.ts";
import { gatherContext } from "./gather.ts";
import { changeIncident, isAllGone, isAllOk } from "./incident.ts";
import type { Json } from "./json.ts";
import { change } from "./ledger.ts";
import { currentIncident, modeFor, type Session, serviceFor, subjectOf } from "./session.ts";
import type { Tried } from "./stages.ts";
import { stormNow } from "./storm.ts";
import { joinUmbrella } from "./umbrella.ts";
import { type Baseline, baselineOf } from "./verify.ts";

/**
 * A decision, or why there is none to make: every alarm is OK, every alarm was deleted, or a storm has taken the
 * incident in.
 */
export type Now =
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

/** A decision as it was stored: what older code did not write down of it is null. */
export const restored = (stored: Decision): Decision => ({
  ...stored,
  limits: stored.limits ?? null,
  severity: stored.severity ?? null,
  result: stored.result.kind === "chosen" ? { ...stored.result, asks: stored.result.asks ?? null } : stored.result,
});

/**
 * Gathers, decides, and writes the decision down under `decision#ID/STEP` before anything comes of it. A retry that
 * finds it written takes that one: what was announced is what is carried out.
 */
export const decideNow = async (session: Session, chapters: readonly Chapter[]): Promise<Now> => {
  const { ports, settings, incidentId } = session;
  const incident = await currentIncident(session);
  const service = serviceFor(settings, incident);
  const nowMs = ports.clock.nowMs();
  const step = chapters.length;
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
  const written = await change(ports.ledger, `decision#${incidentId}/${step}`, (item) =>
    item === null ? { write: decision as unknown as Json } : { stop: item },
  );
  await changeIncident(ports.ledger, incidentId, (current) =>
    current.decided > step ? undefined : { ...current, decided: step + 1 },
  );
  const stored = ("write" in written ? written.write : written.stop) as unknown as Decision;
  return { kind: "decided", decision: restored(stored) };
};
