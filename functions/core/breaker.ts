import { z } from "zod";
import type { Json } from "./json.ts";
import type { Settings } from "./settings.ts";

/** What makes automation pause by itself: failures (breaker), a recent run (cooldown), a failed undo (quarantine). */

const breakerItem = z.strictObject({
  failures: z.array(z.strictObject({ effectKey: z.string(), atMs: z.number() })),
  openUntilMs: z.number().nullable(),
});
type BreakerItem = z.infer<typeof breakerItem>;

const parseBreaker = (item: Json | null): BreakerItem =>
  item === null ? { failures: [], openUntilMs: null } : breakerItem.parse(item);

/** When the breaker of (runbook, resource) closes again, or null when it is closed. Throws on a damaged item. */
export const breakerOpenUntilMs = (item: Json | null, nowMs: number): number | null => {
  const { openUntilMs } = parseBreaker(item);
  return openUntilMs !== null && nowMs < openUntilMs ? openUntilMs : null;
};

/**
 * Counts a failure (a failed run, or one that did not help) by its effect key, once. The breaker opens at
 * `breaker.failures` without a success between them, and stays open for `breaker.openSeconds`.
 * Failures older than that are forgotten.
 */
export const recordFailure = (
  item: Json | null,
  effectKey: string,
  nowMs: number,
  settings: Pick<Settings, "breaker">,
): Readonly<{ write: Json }> | Readonly<{ stop: "counted" }> => {
  const { failures, openUntilMs } = parseBreaker(item);
  if (failures.some((failure) => failure.effectKey === effectKey)) return { stop: "counted" };
  const openMs = settings.breaker.openSeconds * 1000;
  const recent = [...failures.filter((failure) => failure.atMs > nowMs - openMs), { effectKey, atMs: nowMs }];
  const opens = recent.length >= settings.breaker.failures;
  // Never shortened: a late report of an older failure must not close an open breaker sooner.
  const until = opens ? Math.max(nowMs + openMs, openUntilMs ?? 0) : openUntilMs;
  return { write: { failures: recent, openUntilMs: until } };
};

/** Forgets the failures so far. An open breaker stays open: only time closes it. */
export const recordSuccess = (item: Json | null): Readonly<{ write: Json }> | Readonly<{ stop: "nothing" }> => {
  const { failures, openUntilMs } = parseBreaker(item);
  return failures.length === 0 ? { stop: "nothing" } : { write: { failures: [], openUntilMs } };
};

const cooldownItem = z.strictObject({ effectKey: z.string(), startedAtMs: z.number(), untilMs: z.number() });

/** Starts the runbook's cooldown on a target. The same effect starts it once; it is never shortened. */
export const startCooldown = (
  item: Json | null,
  effectKey: string,
  nowMs: number,
  cooldownSeconds: number,
): Readonly<{ write: Json }> | Readonly<{ stop: "started" }> => {
  const before = item === null ? null : cooldownItem.parse(item);
  if (before?.effectKey === effectKey) return { stop: "started" };
  const untilMs = Math.max(nowMs + cooldownSeconds * 1000, before?.untilMs ?? 0);
  return { write: { effectKey, startedAtMs: nowMs, untilMs } };
};

/** When the cooldown ends, or null when none runs. The asker's own effect does not cool it down. */
export const coolingUntilMs = (item: Json | null, nowMs: number, effectKey: string | null): number | null => {
  if (item === null) return null;
  const cooldown = cooldownItem.parse(item);
  return cooldown.effectKey !== effectKey && nowMs < cooldown.untilMs ? cooldown.untilMs : null;
};

const quarantineItem = z.strictObject({
  incidentId: z.string(),
  sinceMs: z.number(),
  clearedBy: z.string().min(1).nullable(),
});

/** Bars every runbook from a resource whose undo failed, until a person clears it. The same incident bars it once. */
export const quarantine = (
  item: Json | null,
  incidentId: string,
  nowMs: number,
): Readonly<{ write: Json }> | Readonly<{ stop: "quarantined" }> => {
  if (item !== null && quarantineItem.parse(item).incidentId === incidentId) return { stop: "quarantined" };
  return { write: { incidentId, sinceMs: nowMs, clearedBy: null } };
};

/** A person's word that the resource is sound again. @param person who; never a program */
export const clearQuarantine = (
  item: Json | null,
  person: string,
): Readonly<{ write: Json }> | Readonly<{ stop: "not-quarantined" | "nobody" }> => {
  if (person === "") return { stop: "nobody" };
  const barred = item === null ? null : quarantineItem.parse(item);
  if (barred === null || barred.clearedBy !== null) return { stop: "not-quarantined" };
  return { write: { ...barred, clearedBy: person } };
};

/** Since when the resource is in quarantine, or null when it is not. Throws on a damaged item. */
export const quarantinedSinceMs = (item: Json | null): number | null => {
  const barred = item === null ? null : quarantineItem.parse(item);
  return barred !== null && barred.clearedBy === null ? barred.sinceMs : null;
};
