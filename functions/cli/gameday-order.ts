import type { Write } from "./errors.ts";
import type { Ended } from "./gameday-worlds.ts";

/** What worlds say, written world after world. */
export type InOrder = Readonly<{ writeOf: (index: number) => Write; ended: Ended }>;

/**
 * Lets worlds that play side by side be read one after the other: the first that has not ended writes at once, what the
 * others say waits for their turn. @param played worlds that say nothing more
 */
export const inOrder = (write: Write, played: readonly number[]): InOrder => {
  const waiting = new Map<number, string>();
  const over = new Set(played);
  let turn = 0;
  const pass = (): void => {
    while (over.delete(turn)) {
      turn += 1;
      const text = waiting.get(turn);
      if (text !== undefined) write(text);
      waiting.delete(turn);
    }
  };
  pass();
  return {
    writeOf: (index) => (text) => {
      if (index === turn) write(text);
      else waiting.set(index, (waiting.get(index) ?? "") + text);
    },
    ended: (index) => {
      over.add(index);
      pass();
    },
  };
};
