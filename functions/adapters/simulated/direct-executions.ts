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

/**
 * One execution runs at a time, in the order in which they were woken: what they do depends on no machine's speed.
 * @param run one incident from its first look to its end; what it throws, `runDue` throws
 */
export const directExecutions = (
  clock: Clock,
  run: (incidentId: string, journal: Journal) => Promise<unknown>,
): DirectExecutions => {
  const started = new Set<string>();
  const running = new Set<string>();
  const sleepers = new Map<string, Sleeper>();
  const ready: (() => void)[] = [];
  let bells = 0;
  /** Whoever runs says through these that they sleep or have ended, or what they threw. */
  let lieDown = (): void => {};
  let failed = (_error: unknown): void => {};
  const wake = (id: string, how: "rung" | "timed-out"): void => {
    const sleeper = sleepers.get(id);
    if (sleeper === undefined) return;
    sleepers.delete(id);
    ready.push(() => sleeper.wake(how));
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
      lieDown();
      return slept;
    },
  };
  return {
    start: async (incidentId) => {
      if (started.has(incidentId)) return;
      started.add(incidentId);
      running.add(incidentId);
      ready.push(() => {
        run(incidentId, journal)
          .finally(() => running.delete(incidentId))
          .then(
            () => lieDown(),
            (error) => failed(error),
          );
      });
    },
    ring: async (callbackId) => wake(callbackId, "rung"),
    runDue: async () => {
      for (const [id, { dueMs }] of [...sleepers]) if (dueMs <= clock.nowMs()) wake(id, "timed-out");
      let woken = 0;
      for (let next = ready.shift(); next !== undefined; next = ready.shift()) {
        const resume = next;
        await new Promise<void>((resolve, reject) => {
          lieDown = resolve;
          failed = reject;
          resume();
        });
        woken += 1;
      }
      return woken;
    },
    nextDueMs: () => (sleepers.size === 0 ? null : Math.min(...[...sleepers.values()].map(({ dueMs }) => dueMs))),
    isRunning: (incidentId) => running.has(incidentId),
  };
};
