import { Session } from "node:inspector/promises";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";

/** What V8's sampling profiler tells: a tree of frames, and which frame was on top at each sample. Times in microseconds. */
export type Profile = Readonly<{
  nodes: readonly Readonly<{
    id: number;
    callFrame: Readonly<{ functionName: string; url: string }>;
    children?: readonly number[] | undefined;
  }>[];
  samples?: readonly number[] | undefined;
  timeDeltas?: readonly number[] | undefined;
}>;

/** The part, 0..1, of all time that was spent at one place; the parts of a whole sum to 1. */
export type Part = Readonly<{ place: string; share: number }>;

/** Rare enough to slow the work by some percent only, and some thousand samples a second. */
const SAMPLING_INTERVAL_US = 200;

/** Watches this thread while it works. What the work throws is thrown. */
export const profileOf = async (work: () => Promise<void>): Promise<Profile> => {
  const session = new Session();
  session.connect();
  try {
    await session.post("Profiler.enable");
    await session.post("Profiler.setSamplingInterval", { interval: SAMPLING_INTERVAL_US });
    await session.post("Profiler.start");
    await work();
    return (await session.post("Profiler.stop")).profile;
  } finally {
    session.disconnect();
  }
};

/** A file of ours by its path from the root; null for a package, for Node itself and for what V8 does beside the code. */
const ownFile = (url: string, root: string): string | null => {
  if (!url.startsWith("file:") || url.includes("/node_modules/")) return null;
  const path = relative(root, fileURLToPath(url));
  return path.startsWith("..") ? null : path;
};

/**
 * The time of each of our files, the largest part first. What a package or the engine did is time of the file that asked
 * for it; what nobody asked for (collecting garbage, waiting) stands under V8's own name. To start and to stop the
 * profiler is no part of it.
 */
export const timeByFile = ({ nodes, samples = [], timeDeltas = [] }: Profile, root: string): readonly Part[] => {
  const places = new Map<number, string>();
  // A parent stands before its children, so that its place is known when theirs is asked for.
  for (const { id, callFrame, children = [] } of nodes) {
    const inherited = places.get(id) ?? "";
    const place = ownFile(callFrame.url, root) ?? (inherited === "" ? callFrame.functionName : inherited);
    places.set(id, place);
    for (const child of children) places.set(child, place === "(root)" ? "" : place);
  }
  const times = new Map<string, number>();
  let total = 0;
  for (const [i, sample] of samples.entries()) {
    const place = places.get(sample) ?? "";
    const time = place === relative(root, import.meta.filename) ? 0 : (timeDeltas[i] ?? 0);
    times.set(place, (times.get(place) ?? 0) + time);
    total += time;
  }
  return largestFirst([...times].flatMap(([place, time]) => (time === 0 ? [] : [{ place, share: time / total }])));
};

/** The same time by coarser places, the largest part first. */
export const grouped = (parts: readonly Part[], groupOf: (place: string) => string): readonly Part[] => {
  const shares = new Map<string, number>();
  for (const { place, share } of parts) shares.set(groupOf(place), (shares.get(groupOf(place)) ?? 0) + share);
  return largestFirst([...shares].map(([place, share]) => ({ place, share })));
};

const largestFirst = (parts: readonly Part[]): readonly Part[] => parts.toSorted((a, b) => b.share - a.share);
