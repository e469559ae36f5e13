import { hashOf } from "./ids.ts";
import { changeIncident, type Incident, MOST_WORDS, newestRings } from "./incident.ts";
import { because } from "./reasons.ts";
import { incidentRecord } from "./record.ts";
import type { Session } from "./session.ts";

/**
 * Ends an incident because another takes it in. It ends only as it was handed over: what is told to it meanwhile is
 * handed over first, so every write of `handOver` may come twice, and a crash in the middle begins anew.
 * @param detail where it went, in one sentence
 * @param handOver false: the other cannot take it any more, and this one goes on
 */
export const mergeInto = async (
  session: Session,
  incident: Incident,
  detail: string,
  handOver: (incident: Incident) => Promise<boolean>,
): Promise<boolean> => {
  for (let current = incident; current.terminal === null; current = await endMerged(session, current, detail))
    if (!(await handOver(current))) return false;
  return true;
};

/** Writes the record and the end, unless something was told since `seen`; the incident as it is then. */
const endMerged = async ({ ports }: Session, seen: Incident, detail: string): Promise<Incident> => {
  const ending = { terminal: "MERGED", because: because("merged", detail) } as const;
  const atMs = ports.clock.nowMs();
  await ports.records.put(incidentRecord(ports, seen, { ...ending, atMs }, [], []));
  return changeIncident(ports.ledger, seen.id, (current) =>
    current.news === seen.news && current.terminal === null ? { ...current, ...ending, closedAtMs: atMs } : undefined,
  );
};

/** What an incident becomes when a younger one joins it; undefined where it knows all that the younger knows. */
export const withIncident = (into: Incident, younger: Incident): Incident | undefined => {
  const added = younger.keys.filter((key) => !into.keys.includes(key));
  const words = added.flatMap((key, i) => {
    const known = younger.words[younger.keys.indexOf(key)];
    return known === undefined ? [] : [{ ...known, id: `alarm-${into.keys.length + i + 1}` }];
  });
  const merged: Incident = {
    ...into,
    keys: [...into.keys, ...added],
    covers: united(into.covers, younger.covers, Math.max),
    states: united(into.states, younger.states, (one, other) => (other.atMs > one.atMs ? other : one)),
    rings: united(into.rings, younger.rings, (one, other) => newestRings(...one, ...other)),
    metrics: { ...younger.metrics, ...into.metrics },
    words: [...into.words, ...words].slice(0, MOST_WORDS),
    gone: united(into.gone, younger.gone, Math.max),
    // People are told of the gravest, which is 1.
    severity: Math.min(into.severity, younger.severity),
  };
  return hashOf(merged) === hashOf(into) ? undefined : { ...merged, news: into.news + 1 };
};

/** Two records as one: `both` says what becomes of a key that both have. */
const united = <T>(
  one: Readonly<Record<string, T>>,
  other: Readonly<Record<string, T>>,
  both: (one: T, other: T) => T,
): Readonly<Record<string, T>> => {
  const entries = Object.entries(other).map(([key, value]) => {
    const known = one[key];
    return [key, known === undefined ? value : both(known, value)] as const;
  });
  return { ...one, ...Object.fromEntries(entries) };
};
