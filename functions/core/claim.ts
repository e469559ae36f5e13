import { changeIncident, type Incident, pointLock, readIncident } from "./incident.ts";
import { mergeInto, withIncident } from "./merge.ts";
import { joinableServices } from "./service-graph.ts";
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
  const { ledger } = session.ports;
  if (incident.service === "" || incident.decided > 0) return false;
  for (const service of joinableServices(session.settings, incident.service)) {
    const active = (await ledger.read(`active#${service}`))?.item as { incidentId: string } | undefined;
    const older = active === undefined ? null : await readIncident(ledger, active.incidentId);
    if (older === null || older.id === incident.id || older.terminal !== null) continue;
    const gapMs = incident.openedAtMs - older.openedAtMs;
    if (gapMs < 0 || gapMs > session.settings.foldSeconds * 1000 || (gapMs === 0 && older.id > incident.id)) continue;
    const detail = `joined ${older.id} before its first decision`;
    if (await mergeInto(session, incident, detail, (younger) => handOver(session.ports, older.id, younger)))
      return true;
  }
  return false;
};

/** Tells the older incident all that the younger knows, and sends its alarms' later changes there. False: it closed. */
const handOver = async ({ ledger, executions }: Session["ports"], id: string, younger: Incident): Promise<boolean> => {
  const older = await changeIncident(ledger, id, (current) =>
    current.terminal === null ? withIncident(current, younger) : undefined,
  );
  const isOpen = older.terminal === null;
  // A try before this one may have sent them to an incident that has closed since: then they come back.
  for (const key of younger.keys) await pointLock(ledger, key, isOpen ? older : younger);
  if (isOpen && older.doorbell !== null) await executions.ring(older.doorbell);
  return isOpen;
};
