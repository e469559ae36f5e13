import type { Chapter } from "./chapter.ts";
import { type Decision, decide } from "./decide.ts";
import type { AlarmSnapshot } from "./evidence.ts";
import { gatherContext } from "./gather.ts";
import { changeIncident } from "./incident.ts";
import type { Json } from "./json.ts";
import { change } from "./ledger.ts";
import { currentIncident, modeFor, type Session, serviceFor } from "./session.ts";
import type { Tried } from "./stages.ts";
import { type Baseline, baselineOf } from "./verify.ts";

/** Either a decision, or the news that every alarm is OK and there is nothing to decide. */
export type Now =
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
  const subject = { ...incident, incidentId, alarmMetrics: Object.values(incident.metrics).flat() };
  const context = await gatherContext(ports.evidence, settings, service, subject, {
    nowMs,
    step,
    tried: triedIn(chapters),
  });
  const allOk = context.alarms.length === incident.keys.length && context.alarms.every((alarm) => alarm.state === "OK");
  if (allOk)
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
  return { kind: "decided", decision: ("write" in written ? written.write : written.stop) as unknown as Decision };
};
