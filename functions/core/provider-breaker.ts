import { z } from "zod";
import type { Json } from "./json.ts";
import { DRAFTED_OFFLINE, type DraftedOfflineCode } from "./reasons.ts";

/** Keeps incidents from waiting, one after the other, for a provider that is down. One item for all incidents. */
export const PROVIDER_BREAKER_KEY = "drafter#breaker";

/** So many incidents in a row without an answer open it, for so long; then one incident tries, the others do not. */
const MOST_FAILING = 3;
const OPEN_MS = 5 * 60_000;

const breakerItem = z.strictObject({
  failing: z.array(z.string()),
  code: z.enum(DRAFTED_OFFLINE).nullable(),
  openUntilMs: z.number().nullable(),
  probedBy: z.string().nullable(),
});
type Breaker = z.infer<typeof breakerItem>;

const CLOSED: Breaker = { failing: [], code: null, openUntilMs: null, probedBy: null };

const parsed = (item: Json | null): Breaker => (item === null ? CLOSED : breakerItem.parse(item));

export type Admission =
  | Readonly<{ stop: "admitted" }>
  | Readonly<{ stop: "open"; code: DraftedOfflineCode; untilMs: number }>
  | Readonly<{ write: Json }>;

/** Whether an incident may ask the provider. A write admits it, as the one that tries. Throws on a damaged item. */
export const admit = (item: Json | null, incidentId: string, nowMs: number): Admission => {
  const breaker = parsed(item);
  const { code, openUntilMs, probedBy } = breaker;
  if (openUntilMs === null || code === null || probedBy === incidentId) return { stop: "admitted" };
  // A clock that was ahead when it opened must not keep it open for longer than it is ever open.
  if (nowMs < openUntilMs && openUntilMs - nowMs <= OPEN_MS) return { stop: "open", code, untilMs: openUntilMs };
  return { write: { ...breaker, openUntilMs: nowMs + OPEN_MS, probedBy: incidentId } };
};

/** Counts an incident that got no answer, once. */
export const recordSilence = (
  item: Json | null,
  incidentId: string,
  code: DraftedOfflineCode,
  nowMs: number,
): Readonly<{ write: Json }> => {
  const failing = [...new Set([...parsed(item).failing, incidentId])].slice(-MOST_FAILING);
  return {
    write: { failing, code, openUntilMs: failing.length < MOST_FAILING ? null : nowMs + OPEN_MS, probedBy: null },
  };
};

/** The provider answered, whatever it said: all is forgotten. */
export const recordAnswer = (item: Json | null): Readonly<{ write: Json }> | Readonly<{ stop: "closed" }> =>
  parsed(item).failing.length === 0 ? { stop: "closed" } : { write: CLOSED };
