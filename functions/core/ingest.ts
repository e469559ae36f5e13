import type { Alarm } from "./alarm.ts";
import { opensIncident } from "./alarm.ts";
import { type Because, because, type IgnoredCode } from "./reasons.ts";

/**
 * What one delivery means. `incident` opens or joins, `update` is told to an open incident, `ignored` says why.
 * `invalid` is an alarm that cannot be understood: `reason` opens with the JSON pointer of the culprit.
 */
export type Ingested =
  | Readonly<{ kind: "incident" | "update"; alarm: Alarm }>
  | Readonly<{
      kind: "ignored";
      because: Because<IgnoredCode>;
      alarm: Alarm | null;
      /** When the alarm itself was deleted: an incident that it opened loses its subject. Null for all else. */
      deletedAtMs: number | null;
    }>
  | Readonly<{ kind: "invalid"; reason: string }>;

/**
 * Judges a state change that was understood. OK and INSUFFICIENT_DATA are updates even while suppressed or muted:
 * an open incident has to hear of its recovery. The previous state plays no part.
 */
export const ingestStateChange = (alarm: Alarm): Ingested => {
  if (alarm.state !== "ALARM") return { kind: "update", alarm };
  if (opensIncident(alarm)) return { kind: "incident", alarm };
  return { kind: "ignored", because: whyNot(alarm), alarm, deletedAtMs: null };
};

/** A created, updated or deleted alarm says nothing of its service's health. `alarm` is null where it is unreadable. */
export const ingestConfigurationChange = (alarm: Alarm | null, deletedAtMs: number | null): Ingested => ({
  kind: "ignored",
  because: because("configuration-change", "The alarm was created, updated or deleted; its state did not change."),
  alarm,
  deletedAtMs,
});

export const notAnAlarm: Ingested = {
  kind: "ignored",
  because: because("not-an-alarm", "This is not an event of a CloudWatch alarm."),
  alarm: null,
  deletedAtMs: null,
};

/** What the ledger has to hear of: a change of an alarm, or when the alarm was deleted. */
export type News = Readonly<{ alarm: Alarm; deletedAtMs: number | null }>;

/** The news in a delivery, or in words why there is none. */
export const newsOf = (ingested: Ingested): News | string => {
  if (ingested.kind === "invalid") return ingested.reason;
  if (ingested.kind !== "ignored") return { alarm: ingested.alarm, deletedAtMs: null };
  const { alarm, deletedAtMs, because } = ingested;
  return alarm === null || deletedAtMs === null ? because.detail : { alarm, deletedAtMs };
};

/**
 * Puts what arrived together into the order in which it happened, by CloudWatch's clock: a queue keeps none. What
 * happened at the same time stays in the order given, and what is no news comes first.
 */
export const inOrder = <T extends Readonly<{ ingested: Ingested }>>(arrived: readonly T[]): readonly T[] => {
  const at = ({ ingested }: T): number => {
    const news = newsOf(ingested);
    return typeof news === "string" ? 0 : (news.deletedAtMs ?? news.alarm.changedAtMs);
  };
  return arrived.toSorted((one, other) => at(one) - at(other));
};

const whyNot = (alarm: Alarm): Because<IgnoredCode> =>
  alarm.suppressedBy === null
    ? because("muted", "A mute rule covers the alarm.")
    : because("suppressed", "The alarm's actions are suppressed.");
