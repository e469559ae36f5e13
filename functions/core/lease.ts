import { z } from "zod";
import type { Json } from "./json.ts";
import type { RunStatus } from "./stages.ts";

/** Who holds a lease: one plan of one incident. The same token acquires again what it already holds. */
export type LeaseToken = Readonly<{ incidentId: string; planHash: string }>;

const leaseItem = z.strictObject({
  /** Grows by one with every new holder, never falls: it orders the holders of one root for ever. */
  fence: z.int().positive(),
  holder: z.strictObject({ incidentId: z.string(), planHash: z.string() }).nullable(),
  heldSinceMs: z.number(),
  /** Set immediately before the start: from then on the effect may exist. */
  intent: z.strictObject({ effectKey: z.string(), atMs: z.number() }).nullable(),
});
type LeaseItem = z.infer<typeof leaseItem>;

/** Reads a lease item; null where there never was one. Throws a ZodError on a damaged item, which refuses the effect. */
const parse = (item: Json | null): LeaseItem | null => (item === null ? null : leaseItem.parse(item));

const isHolder = (lease: LeaseItem, token: LeaseToken): boolean =>
  lease.holder !== null && lease.holder.incidentId === token.incidentId && lease.holder.planHash === token.planHash;

/**
 * `fence` is the fencing number to show at the effect. `mine` with an intent: an earlier try may have started that
 * effect, so it is looked for (by starting it under the same key), never given up as not started.
 */
export type Acquired =
  | Readonly<{ write: Json; fence: number }>
  | Readonly<{ stop: "mine"; fence: number; intent: string | null }>
  | Readonly<{ stop: "held"; by: LeaseToken }>;

/** Takes a free lease, or finds that the token holds it already. There is no early expiry: a held one stays held. */
export const acquireLease = (item: Json | null, token: LeaseToken, nowMs: number): Acquired => {
  const lease = parse(item);
  if (lease !== null && isHolder(lease, token)) {
    return { stop: "mine", fence: lease.fence, intent: lease.intent?.effectKey ?? null };
  }
  if (lease !== null && lease.holder !== null) return { stop: "held", by: lease.holder };
  const fence = (lease?.fence ?? 0) + 1;
  const holder = { incidentId: token.incidentId, planHash: token.planHash };
  return { write: { fence, holder, heldSinceMs: nowMs, intent: null }, fence };
};

/**
 * The conditional write immediately before the start: only the holder with the newest fencing number may intend.
 * `intended`: this effect was intended before (a replay, or a lost reply), which is success too.
 */
export const intendEffect = (
  item: Json | null,
  token: LeaseToken,
  fence: number,
  effectKey: string,
  nowMs: number,
): Readonly<{ write: Json }> | Readonly<{ stop: "intended" | "fenced" }> => {
  const lease = parse(item);
  if (lease === null || !isHolder(lease, token) || lease.fence !== fence) return { stop: "fenced" };
  if (lease.intent !== null && lease.intent.effectKey === effectKey) return { stop: "intended" };
  return { write: { ...lease, intent: { effectKey, atMs: nowMs } } };
};

/** `not-tried`: no start was tried, which an intent contradicts. `not-started`: it was tried and definitely refused. */
export type EndOfRun = RunStatus | "not-tried" | "not-started";
const ENDED: readonly EndOfRun[] = ["succeeded", "failed", "stopped", "timed-out", "not-started"];

/**
 * Gives a lease back, by its holder alone and only once the run, or its undo, was seen to have ended.
 * A running or unknown run keeps it.
 */
export const releaseLease = (
  item: Json | null,
  token: LeaseToken,
  status: EndOfRun,
): Readonly<{ write: Json }> | Readonly<{ stop: "not-holder" | "not-ended" }> => {
  const lease = parse(item);
  if (lease === null || !isHolder(lease, token)) return { stop: "not-holder" };
  const ended = status === "not-tried" ? lease.intent === null : ENDED.includes(status);
  if (!ended) return { stop: "not-ended" };
  return { write: { ...lease, holder: null, intent: null } };
};

// Slack on top of the document's own maximum, for a start that was slow to show.
const RECLAIM_MARGIN_SECONDS = 600;

/**
 * Whether so much time has passed that no run of the holder can be alive: its maximum duration and 10 minutes.
 * Time alone never frees a lease: `reclaimLease` also wants to have seen no running execution.
 * @param runMaximumSeconds the longest that the runbook's document and its undo can take
 */
export const reclaimable = (item: Json | null, nowMs: number, runMaximumSeconds: number): boolean => {
  const lease = parse(item);
  if (lease === null || lease.holder === null) return false;
  const sinceMs = Math.max(lease.heldSinceMs, lease.intent?.atMs ?? lease.heldSinceMs);
  return nowMs - sinceMs >= (runMaximumSeconds + RECLAIM_MARGIN_SECONDS) * 1000;
};

/** What reconcile does with an orphan. @param runningOfOurs executions with our tags that a read showed running under this root */
export const reclaimLease = (
  item: Json | null,
  nowMs: number,
  runMaximumSeconds: number,
  runningOfOurs: number,
): Readonly<{ write: Json }> | Readonly<{ stop: "not-due" | "still-running" }> => {
  const lease = parse(item);
  if (lease === null || !reclaimable(item, nowMs, runMaximumSeconds)) return { stop: "not-due" };
  if (runningOfOurs !== 0) return { stop: "still-running" };
  return { write: { ...lease, holder: null, intent: null } };
};

/** Who is asking: a proposal has no plan yet (null), then the incident's own lease is no obstacle; an effect has its token. */
export type LeaseAsker = Readonly<{ incidentId: string; planHash: string | null }>;

/** The holder that stands in the asker's way, or null. */
export const otherHolder = (item: Json | null, asker: LeaseAsker): LeaseToken | null => {
  const holder = parse(item)?.holder ?? null;
  if (holder === null || holder.incidentId !== asker.incidentId) return holder;
  return asker.planHash === null || asker.planHash === holder.planHash ? null : holder;
};
