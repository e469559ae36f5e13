import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

/** Longer than all waits of an act together; only what hangs without a wait comes to it. */
const LONGEST_SECONDS = 30 * 60;
/** A look that hangs is given up, and another one taken. */
const LOOK_SECONDS = 60;
const AGAIN_MS = 500;

/** Declares one act after another: each goes on from where the one before it ended. */
export type Acts = (name: string, play: () => Promise<void>) => void;

/**
 * Acts that are played in their order. Once one has failed those after it fail at once, for they would wait in vain.
 * @param tell what there is to say about a failure; written beside it
 */
export const inActs = (tell: () => Promise<string>): Acts => {
  let failed: string | null = null;
  return (name, play) => {
    test(name, async () => {
      if (failed !== null) throw new Error(`not played, for this failed before: ${failed}`);
      try {
        await within(LONGEST_SECONDS, name, play());
      } catch (error) {
        failed = name;
        process.stderr.write(`${await tell().catch(String)}\n`);
        throw error;
      }
    });
  };
};

/** Looks until there is something. Throws with what was awaited, and what went wrong last, when the time is over. */
export const eventually = async <T>(
  what: string,
  look: () => Promise<T | null | undefined | false>,
  seconds = 300,
): Promise<T> => {
  const untilMs = Date.now() + seconds * 1000;
  let trouble = "";
  for (;;) {
    try {
      const seen = await within(LOOK_SECONDS, what, look());
      if (seen !== null && seen !== undefined && seen !== false) return seen;
      trouble = "";
    } catch (error) {
      trouble = `; ${String(error)}`;
    }
    if (Date.now() > untilMs) throw new Error(`not within ${seconds} s: ${what}${trouble}`);
    await sleep(AGAIN_MS);
  }
};

const within = <T>(seconds: number, what: string, work: Promise<T>): Promise<T> => {
  const timer = new AbortController();
  const late = sleep(seconds * 1000, null, { signal: timer.signal }).then((): never => {
    throw new Error(`no end within ${seconds} s: ${what}`);
  });
  // Whoever loses the race is heard no more.
  late.catch(() => {});
  work.catch(() => {});
  return Promise.race([work, late]).finally(() => timer.abort());
};
