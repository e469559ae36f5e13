import type { Json } from "../../core/json.ts";
import { type DurableFunction, durable } from "./durable.ts";
import { createEngine, type Described, type Engine, type EngineParts } from "./engine.ts";
import { memoryEngineStore } from "./memory-engine-store.ts";

/** Where a rehearsal's clock begins: a round number, so that expected times read as offsets. */
export const REHEARSAL_START_MS = 1_000_000_000_000;

export type Rehearsal = Readonly<{
  engine: Engine;
  nowSeconds: () => number;
  /** Moves the clock to this offset and runs nothing. */
  pass: (seconds: number) => void;
  /** Moves the clock to this offset and runs what is due then. */
  at: (seconds: number) => Promise<void>;
  /** Runs, and lets time pass from one due moment to the next, until nothing is planned or the offset is reached. */
  untilQuiet: (limitSeconds?: number) => Promise<void>;
  /** The callback ids that wait, in order of creation. */
  callbacks: (name?: string) => readonly string[];
  told: (name?: string) => Described;
}>;

/** A durable function on the embedded engine under a clock that only the test moves, one execution named "run". */
export const rehearse = <Event extends Json>(
  fn: DurableFunction<Event>,
  parts: Partial<Omit<EngineParts, "handler" | "clock">> = {},
  startSeconds = 0,
): Rehearsal => {
  let nowMs = REHEARSAL_START_MS + startSeconds * 1000;
  const clock = { nowMs: () => nowMs };
  const engine = createEngine({ store: memoryEngineStore(), ...parts, clock, handler: durable(fn) });
  const told = (name = "run"): Described => {
    const described = engine.describe(name);
    if (described === null) throw new Error(`no execution ${name}`);
    return described;
  };
  return {
    engine,
    told,
    nowSeconds: () => (nowMs - REHEARSAL_START_MS) / 1000,
    pass: (seconds) => {
      nowMs = REHEARSAL_START_MS + seconds * 1000;
    },
    at: async (seconds) => {
      nowMs = REHEARSAL_START_MS + seconds * 1000;
      await engine.runDue();
    },
    untilQuiet: async (limitSeconds = 1e6) => {
      await engine.runDue();
      for (let dueMs = engine.nextDueMs(); dueMs !== null; dueMs = engine.nextDueMs()) {
        if (dueMs > REHEARSAL_START_MS + limitSeconds * 1000) return;
        nowMs = dueMs;
        await engine.runDue();
      }
    },
    callbacks: (name) =>
      told(name).operations.flatMap(({ callback, status }) =>
        callback !== null && status === "STARTED" ? [callback.id] : [],
      ),
  };
};
