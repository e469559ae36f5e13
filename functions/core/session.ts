import type { Subject } from "./gather.ts";
import type { Incident } from "./incident.ts";
import { changeIncident, readIncident } from "./incident.ts";
import type { Journal, Ports } from "./ports.ts";
import { isObserved } from "./service-graph.ts";
import type { ServiceSettings, Settings } from "./settings.ts";
import type { Mode } from "./stages.ts";
import { membersOf, stormNow } from "./storm.ts";

/** What every stage of one running incident shares. */
export type Session = Readonly<{
  journal: Journal;
  ports: Ports;
  settings: Settings;
  incidentId: string;
  /** Names this execution: the claim tells it from a second one. */
  executionId: string;
}>;

/** All that a look into the ledger needs of a session: reconcile has an incident, and no journal. */
type Asking = Readonly<{ ports: Pick<Ports, "ledger">; incidentId: string }>;

/** The incident as it is now. Throws where it vanished: nothing may be done for what nobody recorded. */
export const currentIncident = async (session: Asking): Promise<Incident> => {
  const incident = await readIncident(session.ports.ledger, session.incidentId);
  if (incident === null) throw new Error(`${session.incidentId}: no such incident in the ledger`);
  return incident;
};

/** An alarm that no service claims is watched by its own metrics alone; it has no resources, so nothing is done for it. */
const unclaimed = (incident: Incident): ServiceSettings => ({
  name: incident.service,
  environment: incident.environment,
  severity: incident.severity,
  owners: [],
  resources: [],
  dependsOn: [],
  slis: [],
  logGroups: [],
});

export const serviceFor = (settings: Settings, incident: Incident): ServiceSettings =>
  settings.services.find((service) => service.name === incident.service) ?? unclaimed(incident);

export const modeFor = (settings: Settings, service: ServiceSettings): Mode => service.mode ?? settings.mode;

/** What gathering needs to know of an incident, the weather included. */
export const subjectOf = async (session: Session, incident: Incident, nowMs: number): Promise<Subject> => ({
  ...incident,
  incidentId: incident.id,
  alarmMetrics: Object.values(incident.metrics).flat(),
  storm: (await stormNow(session.ports.ledger, session.settings, nowMs)) !== null,
});

/**
 * Whether nobody may be paged: in observe mode, and where the incident is only a recording. An umbrella speaks for the
 * services of its alarms, so it is silent only where all of them are.
 */
export const isSilent = async (
  session: Asking & Readonly<{ ports: Pick<Ports, "dryRun">; settings: Settings }>,
): Promise<boolean> => {
  const { ports, settings } = session;
  if (ports.dryRun) return true;
  const { id, umbrella, service } = await currentIncident(session);
  if (!umbrella) return isObserved(settings, service);
  const members = await membersOf(ports.ledger, id);
  return members.length > 0 && members.every((member) => isObserved(settings, member.service));
};

/** Sleeps the whole time, whatever is written meanwhile: nobody hears of the bell, so nobody can ring it. */
export const sleep = async (session: Session, name: string, seconds: number): Promise<void> => {
  await session.journal.doze(name, Math.max(1, Math.ceil(seconds)), async () => {});
};

/**
 * Sleeps until a newer fact is written or the time is over. The bell's id is stored first and the ledger read again
 * after, so a fact that came in between rings it at once.
 * @param seenNews the incident's `news` at the last read that the caller rests on
 * @param onceStored runs once the bell can be heard; true where it found a fact that `news` does not count
 */
export const doze = async (
  session: Session,
  name: string,
  seconds: number,
  seenNews: number,
  onceStored: () => Promise<boolean> = async () => false,
): Promise<"rung" | "timed-out"> =>
  session.journal.doze(name, Math.max(1, Math.ceil(seconds)), async (callbackId) => {
    const { ledger, executions } = session.ports;
    await changeIncident(ledger, session.incidentId, (incident) => ({ ...incident, doorbell: callbackId }));
    const isKnown = await onceStored();
    const incident = await currentIncident(session);
    if (isKnown || incident.news > seenNews) await executions.ring(callbackId);
  });
