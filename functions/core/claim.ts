import { writeTerminal } from "./close.ts";
import { changeIncident, type Incident, pointLock, readIncident, withIncident } from "./incident.ts";
import { because } from "./reasons.ts";
import { relatedServices } from "./service-graph.ts";
import type { Session } from "./session.ts";

/** `umbrella`: it is claimed, and there is nothing to decide in it. */
export type Claimed = Readonly<{ kind: "claimed" | "umbrella" | "merged" | "duplicate" }>;

/**
 * Takes the incident for this execution, by a conditional write. The execution's name is the incident's id, so a second
 * execution is a second start under another name: it ends without touching anything.
 */
export const claim = async (session: Session): Promise<Claimed> => {
  const { ledger, clock } = session.ports;
  const found = await readIncident(ledger, session.incidentId);
  if (found === null) return { kind: "duplicate" };
  const incident = await changeIncident(ledger, found.id, (current) =>
    current.startedBy === null ? { ...current, startedBy: session.executionId, startedAtMs: clock.nowMs() } : undefined,
  );
  if (incident.startedBy !== session.executionId) return { kind: "duplicate" };
  if (incident.terminal !== null) return { kind: incident.terminal === "MERGED" ? "merged" : "duplicate" };
  if (incident.umbrella) return { kind: "umbrella" };
  return (await mergeIntoOlder(session, incident)) ? { kind: "merged" } : { kind: "claimed" };
};

/** Two alarms of one cause may open two incidents at the same moment: the younger joins before its first decision. */
const mergeIntoOlder = async (session: Session, incident: Incident): Promise<boolean> => {
  const { ledger, clock, executions } = session.ports;
  if (incident.service === "" || incident.decided > 0) return false;
  for (const service of relatedServices(session.settings, incident.service)) {
    const active = (await ledger.read(`active#${service}`))?.item as { incidentId: string } | undefined;
    const older = active === undefined ? null : await readIncident(ledger, active.incidentId);
    if (older === null || older.id === incident.id || older.terminal !== null) continue;
    const gapMs = incident.openedAtMs - older.openedAtMs;
    if (gapMs < 0 || gapMs > session.settings.foldSeconds * 1000 || (gapMs === 0 && older.id > incident.id)) continue;
    const into = await changeIncident(ledger, older.id, (current) =>
      current.terminal === null ? withIncident(current, incident) : undefined,
    );
    if (into.terminal !== null) continue;
    for (const key of incident.keys) await pointLock(ledger, key, into);
    const why = because("merged", `joined ${into.id} before its first decision`);
    await writeTerminal(session, incident, [], { terminal: "MERGED", because: why, page: false }, clock.nowMs());
    if (into.doorbell !== null) await executions.ring(into.doorbell);
    return true;
  }
  return false;
};
