import type { Clock } from "../../core/ports.ts";

/** Simulated time: it stands still until somebody moves it, and never goes back. */
export type SimulatedClock = Clock & Readonly<{ moveTo: (nowMs: number) => void }>;

/** A clock that shows `startMs`. Moving it back throws a RangeError. */
export const simulatedClock = (startMs: number): SimulatedClock => {
  let shownMs = startMs;
  return {
    nowMs: () => shownMs,
    moveTo: (nowMs) => {
      if (nowMs < shownMs) throw new RangeError(`the clock shows ${shownMs} and cannot go back to ${nowMs}`);
      shownMs = nowMs;
    },
  };
};
