import type { Write } from "./errors.ts";

/** Shows on one line how far a gameday is. `close` wipes the line. */
export type Progress = Readonly<{ ended: () => void; close: () => void }>;

/** What is over sooner needs no bar. */
const PATIENCE_MS = 2000;
/** A reader's eye follows no faster. */
const REDRAW_MS = 100;
const WIDTH = 30;
const WIPE = "\r\u001b[K";

/**
 * Draws a line over itself as worlds end, not before two seconds and at most ten times a second.
 * @param write to a terminal @param before worlds that had ended already @param nowMs any clock that does not stand still @param what is counted
 */
export const progressOn = (
  write: Write,
  total: number,
  before: number,
  nowMs: () => number,
  what = "incidents",
): Progress => {
  const startedMs = nowMs();
  let count = before;
  let drawnMs: number | null = null;
  return {
    ended: () => {
      count += 1;
      const atMs = nowMs();
      if (atMs - startedMs < PATIENCE_MS || (drawnMs !== null && atMs - drawnMs < REDRAW_MS)) return;
      drawnMs = atMs;
      const leftSeconds = Math.round(((total - count) * (atMs - startedMs)) / (count - before) / 1000);
      const filled = Math.floor((count / total) * WIDTH);
      const bar = "█".repeat(filled) + "░".repeat(WIDTH - filled);
      write(`${WIPE}${bar} ${count} of ${total} ${what}, ${leftSeconds} s left`);
    },
    close: () => {
      if (drawnMs !== null) write(WIPE);
    },
  };
};
