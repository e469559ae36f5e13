import { setTimeout as sleep } from "node:timers/promises";

/** Hears what failed without failing anything. */
export type Say = (text: string) => void;

/**
 * Does what may fail, and may take too long, without either being anybody's trouble: the failure is told to `say`, and
 * after `mostMs` it is not waited for. Never throws.
 * @param what words that end "could not ..."
 */
export const courtesy = async (what: string, mostMs: number, say: Say, call: () => Promise<unknown>): Promise<void> => {
  const called = call().then(
    () => null,
    (error: unknown) => `could not ${what}: ${error instanceof Error ? error.message : String(error)}`,
  );
  const late = sleep(mostMs, `could not ${what} within ${mostMs} ms: not waited for`, { ref: false });
  const failure = await Promise.race([called, late]);
  if (failure !== null) say(failure);
};
