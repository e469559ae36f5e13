import { type Alarm, opensIncident } from "./alarm.ts";
import {
  changeIncident,
  createIncident,
  type Incident,
  isOpen,
  type Lock,
  lockKey,
  newIncident,
  pointLock,
  readIncident,
  readLock,
  takeLock,
  withAlarm,
  withoutAlarm,
} from "./incident.ts";
import { LedgerContended } from "./ledger.ts";
import type { Ports } from "./ports.ts";
import { joinableServices, serviceOf } from "./service-graph.ts";
import type { Settings } from "./settings.ts";
import {
  countAlarm,
  memberGone,
  memberOf,
  readMember,
  ringsAnew,
  type Storm,
  tellMember,
  umbrellaFor,
} from "./storm.ts";

export type Folded = Readonly<{
  kind: "opened" | "joined" | "updated" | "ignored";
  incidentId: string | null;
}>;

type FoldPorts = Pick<Ports, "ledger" | "executions">;

/** Null where somebody else came first: the whole path is then walked again. */
type Tried = Promise<Folded | null>;

const ignored = (incidentId: string | null): Folded => ({ kind: "ignored", incidentId });

/**
 * Folds one state change into the ledger: opens an incident, or adds to one that is open. Deliveries may come twice, late
 * and out of order: what counts is CloudWatch's time of the change. Every write is conditional and every delivery walks
 * the whole path again, so a crash between two writes loses nothing and doubles nothing.
 */
export const fold = async (ports: FoldPorts, settings: Settings, alarm: Alarm): Promise<Folded> => {
  for (let tries = 0; tries < 5; tries += 1) {
    const lock = await readLock(ports.ledger, alarm.key);
    const own = lock === null ? null : await readIncident(ports.ledger, lock.incidentId);
    const folded = isOpen(own)
      ? await add(ports, settings, own, alarm)
      : opensIncident(alarm)
        ? await open(ports, settings, alarm, lock, own)
        : await pass(ports, settings, alarm);
    if (folded !== null) return folded;
  }
  throw new Error(`${alarm.key}: five other writers came first; the delivery must be tried again`);
};

/** Adds a state change to an open incident. */
const add = async (ports: FoldPorts, settings: Settings, incident: Incident, alarm: Alarm): Tried => {
  if (incident.umbrella) return shelter(ports, settings, incident, alarm);
  if (incident.keys[0] === alarm.key) await announce(ports, settings, incident);
  const told = await tell(ports, incident.id, (current) =>
    withAlarm(current, alarm, serviceOf(settings, alarm)?.severity),
  );
  if (told === "closed") return null;
  if (opensIncident(alarm)) await pointLock(ports.ledger, alarm.key, incident);
  return { kind: told === "news" && opensIncident(alarm) ? "joined" : "updated", incidentId: incident.id };
};

/** Takes an alarm into an umbrella, by one write of an item of its own; the umbrella itself names only the first few. */
const shelter = async (ports: FoldPorts, settings: Settings, umbrella: Incident, alarm: Alarm): Tried => {
  const lock: Lock = { incidentId: umbrella.id, openedAtMs: umbrella.openedAtMs };
  if (await ringsAnew(ports.ledger, settings, umbrella.id, alarm)) return openAnew(ports, settings, alarm, lock);
  const told = await tellMember(ports.ledger, umbrella.id, memberOf(settings, alarm));
  if (umbrella.keys.length < MOST_SHELTERED_KEYS && !umbrella.keys.includes(alarm.key))
    await nameUnder(ports, umbrella, alarm);
  if (umbrella.startedAtMs === null) await ports.executions.start(umbrella.id);
  if (told === "known" || !opensIncident(alarm)) return { kind: "updated", incidentId: umbrella.id };
  if (!isOpen(await readIncident(ports.ledger, umbrella.id))) return openAnew(ports, settings, alarm, lock);
  const isOpener = umbrella.keys[0] === alarm.key && umbrella.openedAtMs === alarm.changedAtMs;
  return { kind: isOpener ? "opened" : "joined", incidentId: umbrella.id };
};

/** So many alarms tell whether a storm has passed; the others say so in their own items. */
const MOST_SHELTERED_KEYS = 50;

const nameUnder = async (ports: FoldPorts, umbrella: Incident, alarm: Alarm): Promise<void> => {
  try {
    await changeIncident(ports.ledger, umbrella.id, (current) => {
      const named = current.keys.length < MOST_SHELTERED_KEYS ? withAlarm(current, alarm) : undefined;
      // No news: an umbrella is not woken for one alarm more.
      return named === undefined ? undefined : { ...named, news: current.news };
    });
  } catch (cause) {
    // Others write their names at this moment. The alarm has its own item, which is what counts.
    if (!(cause instanceof LedgerContended)) throw cause;
  }
};

/** A change that opens nothing is told to the incident of a related service that knows the alarm, else it is ignored. */
const pass = async (ports: FoldPorts, settings: Settings, alarm: Alarm): Tried => {
  const related = await relatedIncident(ports, settings, alarm);
  return related?.keys.includes(alarm.key) ? add(ports, settings, related, alarm) : ignored(null);
};

/** An alarm without an open incident of its own: it finishes its opening, is sheltered from a storm, joins, or opens. */
const open = async (
  ports: FoldPorts,
  settings: Settings,
  alarm: Alarm,
  lock: Lock | null,
  last: Incident | null,
): Tried => {
  // A lock without its incident is what a crash between the two writes leaves: its own opening is finished here.
  if (lock !== null && last === null) return openOwn(ports, settings, alarm, lock, lock.openedAtMs);
  if (last !== null && (await isCovered(ports, last, alarm))) return ignored(last.id);
  return openAnew(ports, settings, alarm, lock);
};

const openAnew = async (ports: FoldPorts, settings: Settings, alarm: Alarm, lock: Lock | null): Tried => {
  const storm = await countAlarm(ports.ledger, settings, alarm);
  if (storm !== null) return seekShelter(ports, settings, alarm, lock, storm);
  const related = await relatedIncident(ports, settings, alarm);
  return related === null
    ? openOwn(ports, settings, alarm, lock, alarm.changedAtMs)
    : add(ports, settings, related, alarm);
};

/** Whether an incident that is closed has answered for this state change. */
export const isCovered = async (ports: FoldPorts, last: Incident, { key, changedAtMs }: Alarm): Promise<boolean> => {
  const rangAtMs = last.umbrella ? (await readMember(ports.ledger, last.id, key))?.rangAtMs : last.covers[key];
  return (rangAtMs ?? Number.NEGATIVE_INFINITY) >= changedAtMs;
};

/** The lock comes first: from then on every delivery of this alarm finds the umbrella, and writes what is missing. */
const seekShelter = async (
  ports: FoldPorts,
  settings: Settings,
  alarm: Alarm,
  lock: Lock | null,
  storm: Storm,
): Tried => {
  const umbrella = await umbrellaFor(ports.ledger, settings, alarm, storm);
  const isMine = await takeLock(ports.ledger, alarm.key, lock, {
    incidentId: umbrella.id,
    openedAtMs: umbrella.openedAtMs,
  });
  return isMine ? shelter(ports, settings, umbrella, alarm) : null;
};

const openOwn = async (
  ports: FoldPorts,
  settings: Settings,
  alarm: Alarm,
  lock: Lock | null,
  openedAtMs: number,
): Tried => {
  const incident = newIncident(settings, { ...alarm, changedAtMs: openedAtMs });
  if (!(await takeLock(ports.ledger, alarm.key, lock, { incidentId: incident.id, openedAtMs }))) return null;
  await createIncident(ports.ledger, incident);
  await announce(ports, settings, incident);
  await ports.executions.start(incident.id);
  if (alarm.changedAtMs !== openedAtMs) await tell(ports, incident.id, (current) => withAlarm(current, alarm));
  return { kind: "opened", incidentId: incident.id };
};

/** The open incident of a service whose incident may take the alarm in, where it opened near enough in time. */
const relatedIncident = async (ports: FoldPorts, settings: Settings, alarm: Alarm): Promise<Incident | null> => {
  const service = serviceOf(settings, alarm);
  if (service === null) return null;
  for (const related of joinableServices(settings, service.name)) {
    const active = (await ports.ledger.read(`active#${related}`))?.item as { incidentId: string } | undefined;
    const other = active === undefined ? null : await readIncident(ports.ledger, active.incidentId);
    if (isOpen(other) && Math.abs(alarm.changedAtMs - other.openedAtMs) <= settings.foldSeconds * 1000) return other;
  }
  return null;
};

/** Tells an open incident, starts it if it never started, and wakes it. "closed": it closed meanwhile. */
const tell = async (
  ports: FoldPorts,
  id: string,
  next: (incident: Incident) => Incident | undefined,
): Promise<"news" | "known" | "closed"> => {
  let news = false;
  const incident = await changeIncident(ports.ledger, id, (current) => {
    const changed = isOpen(current) ? next(current) : undefined;
    news = changed !== undefined && changed.news > current.news;
    return changed;
  });
  if (!isOpen(incident)) return "closed";
  await ports.executions.start(id);
  if (incident.doorbell !== null) await ports.executions.ring(incident.doorbell);
  return news ? "news" : "known";
};

/**
 * Says which incident of a service later alarms should join: of two that opened within the folding time the older,
 * which is what lets the younger find it and merge.
 */
const announce = async (ports: FoldPorts, settings: Settings, incident: Incident): Promise<void> => {
  if (incident.service === "") return;
  const key = `active#${incident.service}`;
  for (let tries = 0; tries < 5; tries += 1) {
    const found = await ports.ledger.read(key);
    const id = (found?.item as { incidentId: string } | undefined)?.incidentId;
    const other = id === undefined ? null : await readIncident(ports.ledger, id);
    const agesMs = incident.openedAtMs - (other?.openedAtMs ?? Number.NEGATIVE_INFINITY);
    if (id === incident.id || (isOpen(other) && agesMs >= 0 && agesMs <= settings.foldSeconds * 1000)) return;
    if (await ports.ledger.write(key, { incidentId: incident.id }, found?.version ?? null)) return;
  }
};

/**
 * Notes that an alarm was deleted in every open incident that has it or one of its contributors, and wakes it. Ignored
 * where that is news to none. Whoever reads the note asks CloudWatch again before anything rests on it.
 */
export const subjectGone = async (
  ports: FoldPorts,
  settings: Settings,
  alarm: Alarm,
  deletedAtMs: number,
): Promise<Folded> => {
  // A contributor's key is its alarm's and its own id; another alarm's name may look the same, and CloudWatch knows it.
  const locks = (await ports.ledger.list(lockKey(alarm.key))).filter(
    ({ key }) => key === lockKey(alarm.key) || key.startsWith(`${lockKey(alarm.key)}/`),
  );
  const holders = new Map(
    locks.map(({ key, item }) => [key.slice(lockKey("").length), (item as Lock).incidentId] as const),
  );
  const related = holders.has(alarm.key) ? null : await relatedIncident(ports, settings, alarm);
  if (related?.keys.includes(alarm.key)) holders.set(alarm.key, related.id);
  let told: string | null = null;
  for (const [key, id] of holders) {
    const incident = await readIncident(ports.ledger, id);
    if (!isOpen(incident)) continue;
    const isNews = incident.umbrella && (await memberGone(ports.ledger, id, key, deletedAtMs));
    const heard = await tell(ports, id, (current) => withoutAlarm(current, key, deletedAtMs));
    if (heard === "news" || (heard === "known" && isNews)) told = id;
  }
  return told === null ? ignored(null) : { kind: "updated", incidentId: told };
};
