import type { Json } from "../../core/json.ts";
import type { Clock, Executions, Journal } from "../../core/ports.ts";

/**
 * Executions that live in this process alone and keep no journal: each runs through once, as the deployed one would in a
 * sandbox that never dies. For rollouts, where a hundred thousand incidents are played and none has to survive a crash.
 */
export type DirectExecutions = Executions &
  Readonly<{
    /** Wakes whoever's time has come and comes back when everybody sleeps or has ended. Returns how many were woken. */
    runDue: () => Promise<number>;
    /** When the next sleeper's time comes, or null where nobody sleeps. */
    nextDueMs: () => number | null;
    /** Whether this execution was started and has not ended. */
    isRunning: (incidentId: string) => boolean;
  }>;

/** A step is tried so often in all, as the durable journal does; nothing here gets better by waiting. */
const MOST_TRIES = 3;

type Sleeper = Readonly<{ dueMs: number; wake: (how: "rung" | "timed-out") => void }>;

/** @param run one incident from its first look to its end; what it throws, `runDue` throws */
export const directExecutions = (
  clock: Clock,
  run: (incidentId: string, journal: Journal) => Promise<unknown>,
): DirectExecutions => {
  const started = new Set<string>();
  const running = new Set<string>();
  const sleepers = new Map<string, Sleeper>();
  const failures: unknown[] = [];
  let awake = 0;
  let bells = 0;
  let woken = 0;
  let allAsleep: (() => void) | null = null;
  const lieDown = (): void => {
    awake -= 1;
    if (awake === 0) allAsleep?.();
  };
  const wake = (id: string, how: "rung" | "timed-out"): void => {
    const sleeper = sleepers.get(id);
    if (sleeper === undefined) return;
    sleepers.delete(id);
    awake += 1;
    woken += 1;
    sleeper.wake(how);
  };
  const journal: Journal = {
    step: async <T extends Json>(_name: string, body: () => Promise<T>): Promise<T> => {
      for (let tries = 1; ; tries += 1) {
        try {
          return await body();
        } catch (error) {
          if (tries >= MOST_TRIES) throw error;
        }
      }
    },
    doze: async (_name, seconds, submit) => {
      bells += 1;
      const id = `bell-${bells}`;
      const dueMs = clock.nowMs() + Math.max(1, Math.ceil(seconds)) * 1000;
      const slept = new Promise<"rung" | "timed-out">((resolve) => sleepers.set(id, { dueMs, wake: resolve }));
      await submit(id);
      // Rung while it was hung up: nobody has to be waited for.
      lieDown();
      return slept;
    },
  };
  return {
    start: async (incidentId) => {
      if (started.has(incidentId)) return;
      started.add(incidentId);
      running.add(incidentId);
      awake += 1;
      woken += 1;
      run(incidentId, journal)
        .catch((error: unknown) => failures.push(error))
        .finally(() => {
          running.delete(incidentId);
          lieDown();
        });
    },
    ring: async (callbackId) => wake(callbackId, "rung"),
    runDue: async () => {
      for (const [id, { dueMs }] of [...sleepers]) if (dueMs <= clock.nowMs()) wake(id, "timed-out");
      if (awake > 0)
        await new Promise<void>((resolve) => {
          allAsleep = resolve;
        });
      allAsleep = null;
      if (failures.length > 0) throw failures[0];
      const count = woken;
      woken = 0;
      return count;
    },
    nextDueMs: () => (sleepers.size === 0 ? null : Math.min(...[...sleepers.values()].map(({ dueMs }) => dueMs))),
    isRunning: (incidentId) => running.has(incidentId),
  };
};
