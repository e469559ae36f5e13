import { isoTime } from "./ids.ts";

/** More than clocks differ and deliveries hurry; 15 min is also what AWS allows a signature's clock to be off. */
const MOST_AHEAD_MS = 15 * 60_000;

/**
 * Refuses what claims to come from the future: one such change would count as the newest of its alarm for ever, and no
 * later ALARM would be heard. @throws RangeError; the delivery comes again, and is taken once its time has come.
 */
export const refuseFuture = (what: string, atMs: number, nowMs: number): void => {
  if (atMs - nowMs <= MOST_AHEAD_MS) return;
  throw new RangeError(`${what}: ${isoTime(atMs)} is too far ahead of the clock, ${isoTime(nowMs)}: check the sender`);
};
