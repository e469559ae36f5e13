import type { Alarm, AlarmState } from "./alarm.ts";
import { opensIncident } from "./alarm.ts";
import { incidentId } from "./ids.ts";
import { createIncident, type Incident, isAfterDeletion, isOpen, newIncident, readIncident } from "./incident.ts";
import type { Json } from "./json.ts";
import { change, LedgerContended } from "./ledger.ts";
import type { Ports } from "./ports.ts";
import { isObserved, serviceOf } from "./service-graph.ts";
import type { Settings } from "./settings.ts";

/**
 * Many distinct alarms within a short time are one event to the people who are woken. From then on, and until
 * `settings.storm.seconds` have passed without a new alarm, alarms without an incident of their own are members of one
 * umbrella incident: one small item each, so that ten thousand of them contend for nothing. All times are CloudWatch's.
 */
export type Storm = Readonly<{
  sinceMs: number;
  untilMs: number;
  /** The umbrella as it is to be opened: whoever finds it missing can open it. Null until the first alarm needs one. */
  umbrella: Incident | null;
  /** Whether the umbrella speaks for services alone that are only observed: nobody is paged for it. */
  isSilent: boolean;
}>;

/** Under `storm#ACCOUNT/REGION`: the distinct alarms outside a storm that came last, and the last storm. Bounded. */
type Weather = Readonly<{ rang: readonly Readonly<{ key: string; atMs: number }>[]; storm: Storm | null }>;

/** One alarm of a storm, under `storm#UMBRELLA/KEY`: all that is kept of it. */
export type Member = Readonly<{
  key: string;
  service: string;
  state: AlarmState;
  atMs: number;
  /** Its newest ALARM change; null where only another state was delivered yet. */
  rangAtMs: number | null;
  goneAtMs: number | null;
}>;

const CALM: Weather = { rang: [], storm: null };

const weatherKey = ({ account, region }: Pick<Settings, "account" | "region">): string => `storm#${account}/${region}`;
const memberKey = (umbrellaId: string, alarmKey: string): string => `storm#${umbrellaId}/${alarmKey}`;

const weatherOf = (item: Json | null): Weather => (item === null ? CALM : (item as unknown as Weather));

const readWeather = async (ledger: Pick<Ports["ledger"], "read">, settings: Settings): Promise<Weather> =>
  weatherOf((await ledger.read(weatherKey(settings)))?.item ?? null);

const windowMs = (settings: Settings): number => settings.storm.seconds * 1000;

/** The storm, where an instant lies in it. What was delivered late belongs to it as well. */
const stormAround = (storm: Storm | null, settings: Settings, atMs: number): Storm | null =>
  storm !== null && storm.sinceMs - windowMs(settings) <= atMs && atMs <= storm.untilMs ? storm : null;

/** The storm that rages now; null in calm. */
export const stormNow = async (
  ledger: Pick<Ports["ledger"], "read">,
  settings: Settings,
  nowMs: number,
): Promise<Storm | null> => stormAround((await readWeather(ledger, settings)).storm, settings, nowMs);

/** A storm's end is written once a minute at most; a short storm's four times in its length. */
const REWRITE_MS = 60_000;

/** What one more alarm makes of the weather; undefined where it changes nothing worth a write. */
const weatherAfter = (settings: Settings, before: Weather, { key, changedAtMs }: Alarm): Weather | undefined => {
  const storm = stormAround(before.storm, settings, changedAtMs);
  const untilMs = changedAtMs + windowMs(settings);
  if (storm !== null) {
    const isWorthWriting = untilMs - storm.untilMs >= Math.min(REWRITE_MS, windowMs(settings) / 4);
    return isWorthWriting ? { ...before, storm: { ...storm, untilMs } } : undefined;
  }
  if (before.storm !== null && changedAtMs < before.storm.sinceMs) return undefined;
  if (before.rang.some((known) => known.key === key && known.atMs === changedAtMs)) return undefined;
  // The last that came are kept, whatever their times are: one from long ago must not make the others forgotten.
  const others = before.rang.filter((known) => known.key !== key);
  const rang = [...others, { key, atMs: changedAtMs }].slice(-2 * settings.storm.alarms);
  // Near this alarm's own time, not the newest: one event from the far future must not outweigh all others.
  const near = rang.map(({ atMs }) => atMs).filter((atMs) => Math.abs(atMs - changedAtMs) < windowMs(settings));
  // A storm is forgotten for the next one alone: whatever is not in it, from whenever, must not end it.
  if (near.length < settings.storm.alarms) return { rang, storm: before.storm };
  const [sinceMs, lastMs] = [Math.min(...near), Math.max(...near)];
  return { rang: [], storm: { sinceMs, untilMs: lastMs + windowMs(settings), umbrella: null, isSilent: false } };
};

/** In calm every race that a writer loses is another's alarm that counts, so a storm ends them; some are lost to replies. */
const mostTries = (settings: Settings): number => settings.storm.alarms + 5;

/** Counts an alarm that is about to open or to join, and says which storm raged before it; null in calm. */
export const countAlarm = async (ledger: Ports["ledger"], settings: Settings, alarm: Alarm): Promise<Storm | null> => {
  try {
    const count = (item: Json | null) => {
      const before = weatherOf(item);
      const after = weatherAfter(settings, before, alarm);
      const storm = stormAround(before.storm, settings, alarm.changedAtMs);
      return after === undefined ? { stop: null, storm } : { write: after as unknown as Json, storm };
    };
    return (await change(ledger, weatherKey(settings), count, mostTries(settings))).storm;
  } catch (cause) {
    if (!(cause instanceof LedgerContended)) throw cause;
    // Others count at this very moment: one alarm fewer delays a storm by one, and one that they found still holds.
    return stormAround((await readWeather(ledger, settings)).storm, settings, alarm.changedAtMs);
  }
};

/**
 * An umbrella speaks for all services: it has none of its own, and wakes people as the gravest alarm would. Its id is not
 * that of the alarm's ordinary incident, which the same change may have opened when it came twice.
 * @param before the umbrella whose place it takes, if any
 */
const newUmbrella = (settings: Settings, alarm: Alarm, before: Incident | null): Incident => ({
  ...newIncident(settings, alarm),
  id: incidentId(`storm#${before?.id ?? ""}/${alarm.key}`, alarm.changedAtMs),
  umbrella: true,
  service: "",
  environment: "production",
  severity: 1,
});

/** An alarm that people must hear of takes no shelter under an umbrella for which nobody is paged. */
export const shelters = (settings: Settings, { isSilent }: Storm, serviceName: string): boolean =>
  !isSilent || isObserved(settings, serviceName);

/**
 * The incident that a storm is folded into: the one that is open and shelters this alarm, else the alarm opens one. Who
 * writes it into the storm's item first has opened it; everybody else finds it there whole, and finishes what a crash
 * left undone.
 */
export const umbrellaFor = async (
  ledger: Ports["ledger"],
  settings: Settings,
  alarm: Alarm,
  storm: Storm,
): Promise<Incident> => {
  const known = storm.umbrella === null ? null : await readIncident(ledger, storm.umbrella.id);
  const service = serviceOf(settings, alarm)?.name ?? "";
  if (isOpen(known) && shelters(settings, storm, service)) return known;
  const claim = (item: Json | null) => {
    const current = weatherOf(item).storm ?? storm;
    if (current.umbrella !== null && current.umbrella.id !== known?.id && shelters(settings, current, service))
      return { stop: null, umbrella: current.umbrella };
    const umbrella = newUmbrella(settings, alarm, known);
    const claimed: Storm = { ...current, umbrella, isSilent: isObserved(settings, service) };
    return { write: { ...weatherOf(item), storm: claimed } as unknown as Json, umbrella };
  };
  const claimed = await change(ledger, weatherKey(settings), claim, mostTries(settings));
  await createIncident(ledger, claimed.umbrella);
  return (await readIncident(ledger, claimed.umbrella.id)) ?? claimed.umbrella;
};

export const readMember = async (
  ledger: Pick<Ports["ledger"], "read">,
  umbrellaId: string,
  alarmKey: string,
): Promise<Member | null> => ((await ledger.read(memberKey(umbrellaId, alarmKey)))?.item ?? null) as Member | null;

/** Every alarm of a storm, in the order of their keys. */
export const membersOf = async (
  ledger: Pick<Ports["ledger"], "list">,
  umbrellaId: string,
): Promise<readonly Member[]> =>
  (await ledger.list(memberKey(umbrellaId, ""))).map(({ item }) => item as unknown as Member);

/** Whether an alarm of a storm may still ring, as far as it was delivered. */
export const mayRing = ({ state, goneAtMs }: Member): boolean => state !== "OK" && goneAtMs === null;

/** Whether it rings: once the storm is over, one without data is not waited for, and opens an incident if it rings. */
const rings = (member: Member): boolean => mayRing(member) && member.state === "ALARM";

/** The members that keep an umbrella open, as far as they were delivered. */
export const loudMembers = async (
  ledger: Pick<Ports["ledger"], "read" | "list">,
  settings: Settings,
  umbrellaId: string,
  nowMs: number,
): Promise<readonly Member[]> =>
  (await membersOf(ledger, umbrellaId)).filter((await stormNow(ledger, settings, nowMs)) === null ? rings : mayRing);

/** Whether a member that was quiet rings after the storm: that is another event, and people must hear of it. */
export const ringsAnew = async (
  ledger: Pick<Ports["ledger"], "read">,
  settings: Settings,
  umbrellaId: string,
  alarm: Alarm,
): Promise<boolean> => {
  if (!opensIncident(alarm)) return false;
  const member = await readMember(ledger, umbrellaId, alarm.key);
  if (member === null || member.atMs >= alarm.changedAtMs) return false;
  const wasQuiet = !rings(member) || alarm.previousState === "OK";
  return wasQuiet && (await stormNow(ledger, settings, alarm.changedAtMs)) === null;
};

/** Writes one state change of one alarm into its own item; the newest state wins, in whatever order they come. */
export const tellMember = async (
  ledger: Ports["ledger"],
  umbrellaId: string,
  member: Pick<Member, "key" | "service" | "state" | "atMs" | "rangAtMs">,
): Promise<"new" | "known"> => {
  const written = await change(ledger, memberKey(umbrellaId, member.key), (item) => {
    const before = item as Member | null;
    if (before === null) return { write: { ...member, goneAtMs: null } satisfies Member };
    const rangAtMs = latest(before.rangAtMs, member.rangAtMs);
    const isNewest = member.atMs > before.atMs;
    if (!isNewest && rangAtMs === before.rangAtMs) return { stop: null };
    const { state, atMs } = isNewest ? member : before;
    const isBack = isNewest && before.goneAtMs !== null && isAfterDeletion(member.atMs, before.goneAtMs);
    const goneAtMs = isBack ? null : before.goneAtMs;
    return { write: { ...before, state, atMs, rangAtMs, goneAtMs } satisfies Member };
  });
  return "write" in written ? "new" : "known";
};

const latest = (one: number | null, other: number | null): number | null =>
  one === null || other === null ? (one ?? other) : Math.max(one, other);

export const memberOf = (settings: Settings, alarm: Alarm): Parameters<typeof tellMember>[2] => ({
  key: alarm.key,
  service: serviceOf(settings, alarm)?.name ?? "",
  state: alarm.state,
  atMs: alarm.changedAtMs,
  rangAtMs: opensIncident(alarm) ? alarm.changedAtMs : null,
});

/** Notes in its own item that an alarm of a storm was deleted; a newer state change takes the note back. True: it is news. */
export const memberGone = async (
  ledger: Ports["ledger"],
  umbrellaId: string,
  alarmKey: string,
  deletedAtMs: number,
): Promise<boolean> => {
  const noted = await change(ledger, memberKey(umbrellaId, alarmKey), (item) => {
    const before = item as Member | null;
    return before === null || before.goneAtMs !== null || isAfterDeletion(before.atMs, deletedAtMs)
      ? { stop: null }
      : { write: { ...before, goneAtMs: deletedAtMs } satisfies Member };
  });
  return "write" in noted;
};
