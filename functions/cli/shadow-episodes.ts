import type { DescribedAlarm } from "../adapters/aws/described-alarm.ts";
import type { Place } from "../adapters/recorded/namespaces.ts";
import type { Alarm } from "../core/alarm.ts";
import type { AlarmTransition } from "../core/evidence.ts";
import { alarmKey } from "../core/ids.ts";

/** An alarm, and all that it did in the time that was read, oldest first. */
export type PastAlarm = Readonly<{ alarm: DescribedAlarm; transitions: readonly AlarmTransition[] }>;

/** One time that an alarm rang: from its ALARM to the OK that held. */
export type PastEpisode = PastAlarm &
  Readonly<{
    opening: AlarmTransition;
    /** Null while it rings still. */
    endedAtMs: number | null;
  }>;

/** An alarm that rings again so soon is the same incident: its recovery had not held (`settings.soakSeconds`). */
const SOAK_MS = 300_000;

/** The times that alarms began to ring in [sinceMs, untilMs), oldest first. */
export const episodesIn = (pasts: readonly PastAlarm[], sinceMs: number, untilMs: number): readonly PastEpisode[] =>
  pasts
    .flatMap(episodesOf)
    .filter(({ opening }) => opening.atMs >= sinceMs && opening.atMs < untilMs)
    .toSorted((a, b) => a.opening.atMs - b.opening.atMs);

/**
 * INSUFFICIENT_DATA ends nothing: nobody knows then whether it is well. What rang when the history begins has no beginning
 * that could be told.
 */
const episodesOf = (past: PastAlarm): readonly PastEpisode[] => {
  const episodes: PastEpisode[] = [];
  for (const opening of past.transitions) {
    const last = episodes.at(-1);
    const endedAtMs = last?.endedAtMs ?? null;
    if (last !== undefined && endedAtMs === null) {
      if (opening.to === "OK") episodes.splice(-1, 1, { ...last, endedAtMs: opening.atMs });
    } else if (opening.to === "ALARM") {
      const isSame = last !== undefined && endedAtMs !== null && opening.atMs - endedAtMs < SOAK_MS;
      if (isSame) episodes.splice(-1, 1, { ...last, endedAtMs: null });
      else if (opening.from !== "ALARM") episodes.push({ ...past, opening, endedAtMs: null });
    }
  }
  return episodes;
};

/** The state change that opened an episode, as its event would have told, with the alarm as it is set now. */
export const openingAlarm = ({ alarm, opening }: PastEpisode, { account, region }: Place): Alarm => {
  const { name: alarmName, kind, description, metrics, threshold } = alarm;
  return {
    key: alarmKey({ account, region, alarmName, contributorId: null }),
    ...{ account, region, alarmName, contributorId: null, attributes: {}, kind, state: "ALARM" },
    // The history keeps the reason too; no decision rests on a word of it.
    ...{ changedAtMs: opening.atMs, previousState: opening.from, reason: "", description, metrics, threshold },
    ...{ suppressedBy: null, muted: false },
  };
};
