import { writeTerminal } from "./close.ts";
import { type Ending, stormEnding } from "./ending.ts";
import { type Incident, isOpen, pointLock, readIncident } from "./incident.ts";
import type { Ports } from "./ports.ts";
import { because } from "./reasons.ts";
import { currentIncident, doze, type Session } from "./session.ts";
import { membersOf, type Storm, stormInWords, tellMember } from "./storm.ts";

/** A storm gathers so long before people are told of it: one page then says how large it is. */
const GATHERING_SECONDS = 60;

/** The life of an umbrella: it waits for the storm to gather, then it is people's. It decides nothing and asks nobody. */
export const rideOut = async (session: Session): Promise<Ending> => {
  await doze(session, "storm-gathers", GATHERING_SECONDS, Number.MAX_SAFE_INTEGER);
  const words = await session.journal.step("storm-summary", async () => {
    const { openedAtMs } = await currentIncident(session);
    return stormInWords(await membersOf(session.ports.ledger, session.incidentId), openedAtMs);
  });
  return stormEnding(words);
};

/**
 * In a storm an incident joins the umbrella before its first decision; false where there is none that is open. Every
 * write may come twice: a crash in the middle leaves some of its alarms with the umbrella already, and the rest follow.
 */
export const joinUmbrella = async (session: Session, incident: Incident, storm: Storm | null): Promise<boolean> => {
  const { ledger, clock } = session.ports;
  const umbrella = storm === null || storm.umbrella === null ? null : await readIncident(ledger, storm.umbrella.id);
  if (!isOpen(umbrella) || incident.decided > 0) return false;
  await handOver(ledger, umbrella, incident);
  const why = because("merged", `joined the storm ${umbrella.id} before its first decision`);
  await writeTerminal(session, incident, [], { terminal: "MERGED", because: why, page: false }, clock.nowMs());
  // What was told to it between the two has to reach the umbrella too.
  await handOver(ledger, umbrella, await currentIncident(session));
  return true;
};

/** Makes every alarm of an incident a member of the umbrella, and sends its later changes there. */
const handOver = async (ledger: Ports["ledger"], umbrella: Incident, incident: Incident): Promise<void> => {
  for (const key of incident.keys) {
    const { state, atMs } = incident.states[key] ?? { state: "ALARM", atMs: incident.openedAtMs };
    const rangAtMs = incident.covers[key] ?? null;
    await tellMember(ledger, umbrella.id, { key, service: incident.service, state, atMs, rangAtMs });
    await pointLock(ledger, key, umbrella);
  }
};
