import { type Ending, stormEnding } from "./ending.ts";
import { isoTime } from "./ids.ts";
import { type Incident, isOpen, pointLock, readIncident } from "./incident.ts";
import { mergeInto } from "./merge.ts";
import type { Ports } from "./ports.ts";
import { currentIncident, type Session, sleep } from "./session.ts";
import { type Member, memberGone, membersOf, type Storm, shelters, tellMember } from "./storm.ts";

/** A storm gathers so long before people are told of it: one page then says how large it is. */
const GATHERING_SECONDS = 60;

/** The life of an umbrella: it waits for the storm to gather, then it is people's. It decides nothing and asks nobody. */
export const rideOut = async (session: Session): Promise<Ending> => {
  await sleep(session, "storm-gathers", GATHERING_SECONDS);
  const words = await session.journal.step("storm-summary", async () => {
    const { openedAtMs } = await currentIncident(session);
    return stormInWords(await membersOf(session.ports.ledger, session.incidentId), openedAtMs);
  });
  return stormEnding(words);
};

/**
 * In a storm an incident joins the umbrella before its first decision; false where there is none that is open. Every
 * write may come twice: a crash in the middle leaves some of its alarms with the umbrella already, and the rest follow.
 * It ends only as it was handed over: what was told to it meanwhile is handed over first. An umbrella that a crash left
 * without an execution is started: it must not swallow what joins it.
 */
export const joinUmbrella = async (session: Session, incident: Incident, storm: Storm | null): Promise<boolean> => {
  const { settings, ports } = session;
  const { ledger, executions } = ports;
  if (storm === null || storm.umbrella === null || !shelters(settings, storm, incident.service)) return false;
  const umbrella = await readIncident(ledger, storm.umbrella.id);
  if (!isOpen(umbrella) || umbrella.id === incident.id || incident.decided > 0) return false;
  if (umbrella.startedAtMs === null) await executions.start(umbrella.id);
  const detail = `joined the storm ${umbrella.id} before its first decision`;
  return mergeInto(session, incident, detail, (current) => handOver(ledger, umbrella, current));
};

/** Makes every alarm of an incident a member of the umbrella, and sends its later changes there. False: it closed. */
const handOver = async (ledger: Ports["ledger"], umbrella: Incident, incident: Incident): Promise<boolean> => {
  for (const key of incident.keys) {
    const { state, atMs } = incident.states[key] ?? { state: "ALARM", atMs: incident.openedAtMs };
    const rangAtMs = incident.covers[key] ?? null;
    const goneAtMs = incident.gone[key];
    await tellMember(ledger, umbrella.id, { key, service: incident.service, state, atMs, rangAtMs });
    if (goneAtMs !== undefined) await memberGone(ledger, umbrella.id, key, goneAtMs);
    await pointLock(ledger, key, umbrella);
  }
  const isStillOpen = isOpen(await readIncident(ledger, umbrella.id));
  // Under one that closed meanwhile nobody would look after these alarms any more: they come back.
  if (!isStillOpen) for (const key of incident.keys) await pointLock(ledger, key, incident);
  return isStillOpen;
};

/** A storm in one sentence: how many alarms, since when, and the three services with the most. */
export const stormInWords = (members: readonly Member[], openedAtMs: number): string => {
  const counts = new Map<string, number>();
  for (const { service } of members) {
    const name = service === "" ? "no known service" : service;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const most = [...counts]
    .toSorted(([one, a], [other, b]) => b - a || (one < other ? -1 : 1))
    .slice(0, 3)
    .map(([name, count]) => `${count} of ${name}`);
  const since = isoTime(Math.min(openedAtMs, ...members.map(({ rangAtMs }) => rangAtMs ?? openedAtMs)));
  return `${members.length} alarms since ${since}: ${most.join(", ")}${counts.size > 3 ? ` and ${counts.size - 3} more` : ""}`;
};
