import type { Alarm, AlarmState } from "./alarm.ts";
import { opensIncident } from "./alarm.ts";
import { isoTime } from "./ids.ts";
import { createIncident, type Incident, isOpen, newIncident, readIncident } from "./incident.ts";
import type { Json } from "./json.ts";
import { change, LedgerContended } from "./ledger.ts";
import type { Ports } from "./ports.ts";
import { serviceOf } from "./service-graph.ts";
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
}>;

/** Under `storm#ACCOUNT/REGION`: while it is calm, the distinct alarms of the window; then the storm. Bounded. */
type Weather = Readonly<{ rang: Readonly<Record<string, number>>; storm: Storm | null }>;

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

const CALM: Weather = { rang: {}, storm: null };

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
  if (before.rang[key] === changedAtMs) return undefined;
  // Near this alarm's own time, not the newest: one event from the far future must not outweigh all others.
  const near = Object.entries({ ...before.rang, [key]: changedAtMs }).filter(
    ([, atMs]) => Math.abs(atMs - changedAtMs) < windowMs(settings),
  );
  if (near.length < settings.storm.alarms) return { rang: Object.fromEntries(near), storm: null };
  const times = near.map(([, atMs]) => atMs);
  return {
    rang: {},
    storm: { sinceMs: Math.min(...times), untilMs: Math.max(...times) + windowMs(settings), umbrella: null },
  };
};

/** Counts an alarm that is about to open or to join, and says which storm raged before it; null in calm. */
export const countAlarm = async (ledger: Ports["ledger"], settings: Settings, alarm: Alarm): Promise<Storm | null> => {
  try {
    const counted = await change(ledger, weatherKey(settings), (item) => {
      const before = weatherOf(item);
      const after = weatherAfter(settings, before, alarm);
      const storm = stormAround(before.storm, settings, alarm.changedAtMs);
      return after === undefined ? { stop: null, storm } : { write: after as unknown as Json, storm };
    });
    return counted.storm;
  } catch (cause) {
    if (!(cause instanceof LedgerContended)) throw cause;
    // Others count at this very moment: one alarm fewer delays a storm by one, and one that they found still holds.
    return stormAround((await readWeather(ledger, settings)).storm, settings, alarm.changedAtMs);
  }
};

/** An umbrella speaks for all services: it has none of its own, and wakes people as the gravest alarm would. */
const newUmbrella = (settings: Settings, alarm: Alarm): Incident => ({
  ...newIncident(settings, alarm),
  umbrella: true,
  service: "",
  environment: "production",
  severity: 1,
});

/**
 * The incident that a storm is folded into: the one that is open, else this alarm opens one. Who writes it into the
 * storm's item first has opened it; everybody else finds it there whole, and finishes what a crash left undone.
 */
export const umbrellaFor = async (
  ledger: Ports["ledger"],
  settings: Settings,
  alarm: Alarm,
  storm: Storm,
): Promise<Incident> => {
  const known = storm.umbrella === null ? null : await readIncident(ledger, storm.umbrella.id);
  const closedId = known === null ? null : known.id;
  if (isOpen(known)) return known;
  const claimed = await change(ledger, weatherKey(settings), (item) => {
    const current = weatherOf(item).storm ?? storm;
    if (current.umbrella !== null && current.umbrella.id !== closedId)
      return { stop: null, umbrella: current.umbrella };
    const umbrella = newUmbrella(settings, alarm);
    return { write: { rang: {}, storm: { ...current, umbrella } } as unknown as Json, umbrella };
  });
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
    const goneAtMs = isNewest && member.atMs > (before.goneAtMs ?? Number.POSITIVE_INFINITY) ? null : before.goneAtMs;
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

/** Notes in its own item that an alarm of a storm was deleted; a newer state change takes the note back. */
export const memberGone = async (
  ledger: Ports["ledger"],
  umbrellaId: string,
  alarmKey: string,
  deletedAtMs: number,
): Promise<void> => {
  await change(ledger, memberKey(umbrellaId, alarmKey), (item) => {
    const before = item as Member | null;
    return before === null || before.goneAtMs !== null || before.atMs > deletedAtMs
      ? { stop: null }
      : { write: { ...before, goneAtMs: deletedAtMs } satisfies Member };
  });
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
