import { type Alarm, type AlarmState, isNewer, type MetricRef, opensIncident } from "./alarm.ts";
import type { AlarmWords } from "./context.ts";
import { incidentId } from "./ids.ts";
import type { Json } from "./json.ts";
import { change } from "./ledger.ts";
import type { Ports } from "./ports.ts";
import type { Terminal } from "./reasons.ts";
import { relatedServices, serviceOf } from "./service-graph.ts";
import type { Settings } from "./settings.ts";

/**
 * One incident as the ledger holds it, under `incident#ID`. `news` counts the facts that others wrote: whoever waits
 * compares it with what it has seen, so that no wake-up is lost.
 */
export type Incident = Readonly<{
  id: string;
  /** Its own alarm first, then those that joined. */
  keys: readonly string[];
  /** The newest ALARM change of each key that this incident answers for, by key. */
  covers: Readonly<Record<string, number>>;
  /** The newest state that was delivered of each key; evidence is asked again before anything rests on it. */
  states: Readonly<Record<string, Readonly<{ state: AlarmState; atMs: number }>>>;
  /** What each alarm watches, by key; none for a composite. */
  metrics: Readonly<Record<string, readonly MetricRef[]>>;
  /** What people wrote on each alarm, in the order of `keys`; redacted and bounded when it came in. */
  words: readonly AlarmWords[];
  /** Alarms that were deleted, and when: nothing more can be read of them. */
  gone: Readonly<Record<string, number>>;
  /** True for the one incident that a storm of alarms is folded into: it decides nothing and pages once. */
  umbrella: boolean;
  account: string;
  region: string;
  alarmName: string;
  service: string;
  environment: string;
  severity: number;
  openedAtMs: number;
  startedBy: string | null;
  startedAtMs: number | null;
  decided: number;
  doorbell: string | null;
  news: number;
  terminal: Terminal | null;
  because: Readonly<{ code: string; detail: string }> | null;
  closedAtMs: number | null;
  /** True while a person owns it and Quell still watches: a new ALARM then belongs to it. */
  watching: boolean;
}>;

export type Folded = Readonly<{
  kind: "opened" | "joined" | "updated" | "ignored";
  incidentId: string | null;
}>;

type FoldPorts = Pick<Ports, "ledger" | "executions">;

const incidentKey = (id: string): string => `incident#${id}`;
const openKey = (alarmKey: string): string => `open#${alarmKey}`;

/** Reads an incident; null where there is none. */
export const readIncident = async (ledger: Ports["ledger"], id: string): Promise<Incident | null> =>
  ((await ledger.read(incidentKey(id)))?.item ?? null) as Incident | null;

/** Changes an incident by one conditional write; `undefined` leaves it alone. Throws where it does not exist. */
export const changeIncident = async (
  ledger: Ports["ledger"],
  id: string,
  next: (incident: Incident) => Incident | undefined,
): Promise<Incident> => {
  const done = await change(ledger, incidentKey(id), (item) => {
    if (item === null) throw new Error(`${id}: no such incident in the ledger`);
    const incident = item as unknown as Incident;
    const changed = next(incident);
    return changed === undefined ? { stop: incident } : { write: changed as unknown as Json };
  });
  return ("write" in done ? done.write : done.stop) as unknown as Incident;
};

const isOpen = (incident: Incident | null): incident is Incident =>
  incident !== null && (incident.terminal === null || incident.watching);

/** Adds a state change to an open incident; undefined where it is closed or where it knows that change already. */
const withAlarm = (incident: Incident, alarm: Alarm): Incident | undefined => {
  const known = incident.states[alarm.key];
  const covered = incident.covers[alarm.key] ?? Number.NEGATIVE_INFINITY;
  const isNews = known === undefined || isNewer(alarm, known.atMs);
  if (!isNews && !(opensIncident(alarm) && alarm.changedAtMs > covered)) return undefined;
  return {
    ...incident,
    keys: incident.keys.includes(alarm.key) ? incident.keys : [...incident.keys, alarm.key],
    metrics: incident.keys.includes(alarm.key) ? incident.metrics : { ...incident.metrics, [alarm.key]: alarm.metrics },
    covers: opensIncident(alarm)
      ? { ...incident.covers, [alarm.key]: Math.max(covered, alarm.changedAtMs) }
      : incident.covers,
    states: isNews
      ? { ...incident.states, [alarm.key]: { state: alarm.state, atMs: alarm.changedAtMs } }
      : incident.states,
    news: incident.news + 1,
  };
};

const newIncident = (settings: Settings, alarm: Alarm): Incident => {
  const service = serviceOf(settings, alarm);
  return {
    id: incidentId(alarm.key, alarm.changedAtMs),
    keys: [alarm.key],
    covers: { [alarm.key]: alarm.changedAtMs },
    states: { [alarm.key]: { state: alarm.state, atMs: alarm.changedAtMs } },
    metrics: { [alarm.key]: alarm.metrics },
    words: [],
    gone: {},
    umbrella: false,
    account: alarm.account,
    region: alarm.region,
    alarmName: alarm.alarmName,
    service: service?.name ?? "",
    environment: service?.environment ?? "production",
    severity: service?.severity ?? 2,
    openedAtMs: alarm.changedAtMs,
    startedBy: null,
    startedAtMs: null,
    decided: 0,
    doorbell: null,
    news: 0,
    terminal: null,
    because: null,
    closedAtMs: null,
    watching: false,
  };
};

type OpenLock = Readonly<{ incidentId: string; openedAtMs: number }>;

const lockOf = async (ports: FoldPorts, alarmKey: string): Promise<OpenLock | null> =>
  ((await ports.ledger.read(openKey(alarmKey)))?.item ?? null) as OpenLock | null;

/** The open incident that this alarm belongs to: its own, or one of a service that shares a dependency with its own. */
const openIncidentFor = async (ports: FoldPorts, settings: Settings, alarm: Alarm): Promise<Incident | null> => {
  const own = await lockOf(ports, alarm.key);
  const mine = own === null ? null : await readIncident(ports.ledger, own.incidentId);
  if (isOpen(mine)) return mine;
  const service = serviceOf(settings, alarm);
  if (service === null) return null;
  for (const related of relatedServices(settings, service.name)) {
    const active = (await ports.ledger.read(`active#${related}`))?.item as { incidentId: string } | undefined;
    const other = active === undefined ? null : await readIncident(ports.ledger, active.incidentId);
    if (isOpen(other) && Math.abs(alarm.changedAtMs - other.openedAtMs) <= settings.foldSeconds * 1000) return other;
  }
  return null;
};

/** Tells an open incident, starts it if it never started, and wakes it. False: it closed meanwhile. */
const tell = async (ports: FoldPorts, id: string, alarm: Alarm): Promise<"told" | "known" | "closed"> => {
  let news: "told" | "known" | "closed" = "known";
  const incident = await changeIncident(ports.ledger, id, (current) => {
    news = "closed";
    if (!isOpen(current)) return undefined;
    const changed = withAlarm(current, alarm);
    news = changed === undefined ? "known" : "told";
    return changed;
  });
  if (!isOpen(incident)) return "closed";
  await ports.executions.start(id);
  if (incident.doorbell !== null) await ports.executions.ring(incident.doorbell);
  return news;
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

const create = async (ports: FoldPorts, settings: Settings, incident: Incident): Promise<void> => {
  await change(ports.ledger, incidentKey(incident.id), (item) =>
    item === null ? { write: incident as unknown as Json } : { stop: null },
  );
  await announce(ports, settings, incident);
  await ports.executions.start(incident.id);
};

/** Whether an incident, open or closed, already answers for this state change. */
const isCovered = (incident: Incident | null, alarm: Alarm): boolean =>
  incident !== null && (incident.covers[alarm.key] ?? Number.NEGATIVE_INFINITY) >= alarm.changedAtMs;

/**
 * Folds one state change into the ledger: opens an incident, or adds to one that is open. Deliveries may come twice, late
 * and out of order: what counts is CloudWatch's time of the change. Every write is conditional and every delivery walks
 * the whole path again, so a crash between two writes loses nothing and doubles nothing.
 */
export const fold = async (ports: FoldPorts, settings: Settings, alarm: Alarm): Promise<Folded> => {
  for (let tries = 0; tries < 5; tries += 1) {
    const open = await openIncidentFor(ports, settings, alarm);
    if (open !== null) {
      if (!opensIncident(alarm) && !open.keys.includes(alarm.key)) return { kind: "ignored", incidentId: null };
      if (open.keys[0] === alarm.key) await announce(ports, settings, open);
      const told = await tell(ports, open.id, alarm);
      if (told === "closed") continue;
      // The key's lock follows it, so that an old duplicate finds the incident that answered for it.
      const lock = { incidentId: open.id, openedAtMs: open.openedAtMs };
      if (opensIncident(alarm)) await change(ports.ledger, openKey(alarm.key), () => ({ write: lock }));
      return { kind: told === "told" && opensIncident(alarm) ? "joined" : "updated", incidentId: open.id };
    }
    if (!opensIncident(alarm)) return { kind: "ignored", incidentId: null };
    const lock = await lockOf(ports, alarm.key);
    const last = lock === null ? null : await readIncident(ports.ledger, lock.incidentId);
    if (isCovered(last, alarm)) return { kind: "ignored", incidentId: lock?.incidentId ?? null };
    // A lock without its incident is what a crash between the two writes leaves: its own opening is finished here.
    const openedAtMs = lock !== null && last === null ? lock.openedAtMs : alarm.changedAtMs;
    const incident = newIncident(settings, { ...alarm, changedAtMs: openedAtMs });
    const locked = await change(ports.ledger, openKey(alarm.key), (item) => {
      const current = item as OpenLock | null;
      if (current !== null && current.incidentId !== lock?.incidentId) return { stop: current.incidentId };
      return { write: { incidentId: incident.id, openedAtMs } };
    });
    // Stopped on our own id: the write went through and its reply was lost.
    if ("stop" in locked && locked.stop !== incident.id) continue;
    await create(ports, settings, incident);
    if (alarm.changedAtMs !== openedAtMs) await tell(ports, incident.id, alarm);
    return { kind: "opened", incidentId: incident.id };
  }
  throw new Error(`${alarm.key}: five other writers came first; the delivery must be tried again`);
};
