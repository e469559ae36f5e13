import { setTimeout as sleep } from "node:timers/promises";

/** How long and how often somebody else's service is asked. The deadline covers all tries and the waits between them. */
export type Patience = Readonly<{ deadlineMs: number; mostTries: number }>;

/** Time as tests set it. */
export type Pace = Readonly<{ nowMs: () => number; wait: (ms: number) => Promise<unknown> }>;

export const REAL_PACE: Pace = { nowMs: () => Date.now(), wait: (ms) => sleep(ms) };

/**
 * Calls until it succeeds, as long as another try can begin before the deadline; then the last error passes through. The
 * call that runs at the deadline is not cut short: it has a timeout of its own, or takes what is left.
 * @param waitAfter ms to wait after this error, the `tried`-th from 1; null where another try would fail as well
 */
export const patiently = async <T>(
  { deadlineMs, mostTries }: Patience,
  { nowMs, wait }: Pace,
  waitAfter: (error: unknown, tried: number) => number | null,
  call: (leftMs: number) => Promise<T>,
): Promise<T> => {
  const endMs = nowMs() + deadlineMs;
  for (let tried = 1; ; tried += 1) {
    try {
      return await call(endMs - nowMs());
    } catch (error) {
      const ms = tried < mostTries ? waitAfter(error, tried) : null;
      if (ms === null || nowMs() + ms >= endMs) throw error;
      await wait(ms);
    }
  }
};
