import type { Change } from "../../../core/evidence.ts";

/** Since when a version runs, and which one ran before; null where the changes do not tell. */
export type Ran = Readonly<{ sinceMs: number | null; before: string | null }>;

/**
 * What the changes of a resource tell of the version that runs. One version may be put in place several times in a row
 * (a forced deployment): it runs since the first of these.
 * @param changes of one resource, oldest first
 */
export const whatRan = (changes: readonly Change[], running: string): Ran => {
  const moves = changes.filter(({ kind, to }) => kind !== "commit" && to !== null);
  const others = moves.findLastIndex(({ to }) => to !== running);
  const [first] = moves.slice(others + 1);
  if (first === undefined) return { sinceMs: null, before: null };
  const before = first.from === null || first.from === running ? (moves[others]?.to ?? null) : first.from;
  return { sinceMs: first.atMs, before };
};
