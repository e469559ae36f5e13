import { type Alarm, type AlarmState, isNewer, type MetricRef, opensIncident } from "./alarm.ts";
import type { AlarmWords } from "./context.ts";
import type { AlarmSnapshot } from "./evidence.ts";
import { incidentId } from "./ids.ts";
import type { Json } from "./json.ts";
import { change } from "./ledger.ts";
import type { OwedRows } from "./owed-rows.ts";
import type { Ports } from "./ports.ts";
import type { Terminal } from "./reasons.ts";
import { redact } from "./redact.ts";
import { serviceOf } from "./service-graph.ts";
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
  /** When each key was delivered in ALARM, oldest first, the newest 32 of each. */
  rings: Readonly<Record<string, readonly number[]>>;
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
}> &
  OwedRows;

export const incidentKey = (id: string): string => `incident#${id}`;

/** Reads an incident; null where there is none. */
export const readIncident = async (ledger: Pick<Ports["ledger"], "read">, id: string): Promise<Incident | null> =>
  ((await ledger.read(incidentKey(id)))?.item ?? null) as Incident | null;

/** Reads every incident of the ledger, in the order of their ids. */
export const readIncidents = async (ledger: Pick<Ports["ledger"], "list">): Promise<readonly Incident[]> =>
  (await ledger.list(incidentKey(""))).map(({ item }) => item as unknown as Incident);

/** Writes a new incident; one that is there already stays as it is. */
export const createIncident = async (ledger: Ports["ledger"], incident: Incident): Promise<void> => {
  await change(ledger, incidentKey(incident.id), (item) =>
    item === null ? { write: incident as unknown as Json } : { stop: null },
  );
};

/** An incident's writers are its own execution and the intakes of all its alarms, which may come at one moment. */
const MOST_TRIES = 20;

/** Changes an incident by one conditional write; `undefined` leaves it alone. Throws where it does not exist. */
export const changeIncident = async (
  ledger: Ports["ledger"],
  id: string,
  next: (incident: Incident) => Incident | undefined,
): Promise<Incident> => {
  const decide = (item: Json | null) => {
    if (item === null) throw new Error(`${id}: no such incident in the ledger`);
    const incident = item as unknown as Incident;
    const changed = next(incident);
    return changed === undefined ? { stop: incident } : { write: changed as unknown as Json };
  };
  const done = await change(ledger, incidentKey(id), decide, MOST_TRIES);
  return ("write" in done ? done.write : done.stop) as unknown as Incident;
};

/** Says of one alarm which incident answers for it, under `open#KEY`; it stays when that incident is closed. */
export type Lock = Readonly<{ incidentId: string; openedAtMs: number }>;

export const lockKey = (alarmKey: string): string => `open#${alarmKey}`;

export const readLock = async (ledger: Pick<Ports["ledger"], "read">, alarmKey: string): Promise<Lock | null> =>
  ((await ledger.read(lockKey(alarmKey)))?.item ?? null) as Lock | null;

/** The key's lock follows it, so that an old duplicate finds the incident that answered for it. */
export const pointLock = async (ledger: Ports["ledger"], alarmKey: string, incident: Incident): Promise<void> => {
  const lock: Lock = { incidentId: incident.id, openedAtMs: incident.openedAtMs };
  await change(ledger, lockKey(alarmKey), (item) =>
    (item as Lock | null)?.incidentId === incident.id ? { stop: null } : { write: lock },
  );
};

/** Points an alarm's lock at an incident, unless somebody moved it since it was read. */
export const takeLock = async (
  ledger: Ports["ledger"],
  alarmKey: string,
  seen: Lock | null,
  next: Lock,
): Promise<boolean> => {
  const locked = await change(ledger, lockKey(alarmKey), (item) => {
    const current = item as Lock | null;
    if (current !== null && current.incidentId !== seen?.incidentId) return { stop: current.incidentId };
    return { write: next };
  });
  // Stopped on our own id: the write went through and its reply was lost.
  return !("stop" in locked) || locked.stop === next.incidentId;
};

/** Open, or handed over to people and still watched: a state change of one of its alarms belongs to it. */
export const isOpen = (incident: Incident | null): incident is Incident =>
  incident !== null && (incident.terminal === null || incident.watching);

/** The incident that a state change opens. */
export const newIncident = (settings: Settings, alarm: Alarm): Incident => {
  const service = serviceOf(settings, alarm);
  return {
    id: incidentId(alarm.key, alarm.changedAtMs),
    keys: [alarm.key],
    covers: { [alarm.key]: alarm.changedAtMs },
    states: { [alarm.key]: { state: alarm.state, atMs: alarm.changedAtMs } },
    rings: { [alarm.key]: [alarm.changedAtMs] },
    metrics: { [alarm.key]: alarm.metrics.slice(0, MOST_METRICS) },
    words: [wordsOf(alarm, 0)],
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
    rows: [],
  };
};

/** As many as one alarm may have (docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring, metric math). */
const MOST_METRICS = 10;

/** An incident of hundreds of alarms is told by its first: more words than these help nobody. */
export const MOST_WORDS = 20;

const wordsOf = (alarm: Alarm, index: number): AlarmWords => ({
  id: `alarm-${index + 1}`,
  // 255 characters is the longest name that CloudWatch takes.
  name: redact(alarm.alarmName, 255).text,
  description: redact(alarm.description ?? "", 300).text,
  reason: redact(alarm.reason, 300).text,
});

/** More than any flap limit that makes sense, and few enough for an item of the ledger. */
const MOST_RINGS = 32;

/** Of these times the newest, oldest first. */
export const newestRings = (...times: readonly number[]): readonly number[] =>
  [...new Set(times)].toSorted((a, b) => a - b).slice(-MOST_RINGS);

/**
 * Adds a state change to an incident; undefined where it knows all that the change says.
 * @param severity of the alarm's service: an incident is as grave as the gravest of its alarms, and 1 is the gravest
 */
export const withAlarm = (incident: Incident, alarm: Alarm, severity = incident.severity): Incident | undefined => {
  const { key, changedAtMs } = alarm;
  const known = incident.states[key];
  const covered = incident.covers[key] ?? Number.NEGATIVE_INFINITY;
  const isNewest = known === undefined || isNewer(alarm, known.atMs);
  const opens = opensIncident(alarm);
  const isNews = isNewest || (opens && changedAtMs > covered);
  const before = incident.rings[key] ?? [];
  const rings = opens ? newestRings(...before, changedAtMs) : before;
  if (!isNews && rings.every((atMs, i) => atMs === before[i])) return undefined;
  const joins = !incident.keys.includes(key);
  const { [key]: goneAtMs, ...gone } = incident.gone;
  return {
    ...incident,
    keys: joins ? [...incident.keys, key] : incident.keys,
    metrics: joins ? { ...incident.metrics, [key]: alarm.metrics.slice(0, MOST_METRICS) } : incident.metrics,
    words:
      joins && incident.keys.length < MOST_WORDS
        ? [...incident.words, wordsOf(alarm, incident.keys.length)]
        : incident.words,
    covers: opens ? { ...incident.covers, [key]: Math.max(covered, changedAtMs) } : incident.covers,
    states: isNewest ? { ...incident.states, [key]: { state: alarm.state, atMs: changedAtMs } } : incident.states,
    rings: rings.length > 0 ? { ...incident.rings, [key]: rings } : incident.rings,
    severity: Math.min(incident.severity, severity),
    gone: goneAtMs !== undefined && isAfterDeletion(changedAtMs, goneAtMs) ? gone : incident.gone,
    // A ring that came late is counted, and changes nothing for whoever waits.
    news: incident.news + (isNews ? 1 : 0),
  };
};

/** Whether a state change is newer than a deletion, whose time is in whole seconds: within its second the deletion is last. */
export const isAfterDeletion = (changedAtMs: number, deletedAtMs: number): boolean => changedAtMs > deletedAtMs + 999;

/** Notes that one of an incident's alarms was deleted; undefined where that is known, or was overtaken by a newer state. */
export const withoutAlarm = (incident: Incident, key: string, deletedAtMs: number): Incident | undefined => {
  const { [key]: goneAtMs = Number.NEGATIVE_INFINITY } = incident.gone;
  const { atMs: newestAtMs = Number.NEGATIVE_INFINITY } = incident.states[key] ?? {};
  if (!incident.keys.includes(key) || deletedAtMs <= goneAtMs || isAfterDeletion(newestAtMs, deletedAtMs))
    return undefined;
  return { ...incident, gone: { ...incident.gone, [key]: deletedAtMs }, news: incident.news + 1 };
};

/** Whether every alarm that still counts is known to be OK, and there is one. @param alarms as CloudWatch shows them now */
export const isAllOk = (incident: Pick<Incident, "keys" | "gone">, alarms: readonly AlarmSnapshot[]): boolean =>
  alarms.length > 0 &&
  alarms.length === standingKeys(incident, alarms).length &&
  alarms.every((alarm) => alarm.state === "OK");

/** Whether no alarm is left that could tell anything. @param alarms null where they could not be read */
export const isAllGone = (
  incident: Pick<Incident, "keys" | "gone">,
  alarms: readonly AlarmSnapshot[] | null,
): boolean => standingKeys(incident, alarms).length === 0;

/**
 * The alarms that still count. A key counts no more where its deletion was recorded and CloudWatch, when it was asked,
 * did not know it: either alone may be a mistake. @param alarms null where they could not be read
 */
export const standingKeys = (
  incident: Pick<Incident, "keys" | "gone">,
  alarms: readonly AlarmSnapshot[] | null,
): readonly string[] =>
  incident.keys.filter(
    (key) => alarms === null || incident.gone[key] === undefined || alarms.some((alarm) => alarm.key === key),
  );
