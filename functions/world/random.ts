import { sha256 } from "../core/ids.ts";

/**
 * Randomness without state: a draw is a hash of the stream's name and a counter. Two entities never share a stream,
 * so adding one changes no other, and a fork that does the same draws the same.
 */
const TWO_TO_53 = 2 ** 53;
const HALF = 2 ** 26;

/** A stream whose name has been read once: for loops that draw from it again and again. */
export type Stream = Readonly<{ high: number; low: number }>;

/** Reads a stream's name; draws from the result and from the name are the same. */
export const streamNamed = (name: string): Stream => {
  let high = 0xdeadbeef;
  let low = 0x41c6ce57;
  for (let index = 0; index < name.length; index += 1) {
    const code = name.charCodeAt(index);
    high = Math.imul(high ^ code, 2654435761);
    low = Math.imul(low ^ code, 1597334677);
  }
  return { high, low };
};

/** One uniform number in [0, 1) for a stream and a counter. The mixing is cyrb53's (public domain), 53 bits wide. */
export const uniform = (stream: string | Stream, counter: number): number => {
  let { high, low } = typeof stream === "string" ? streamNamed(stream) : stream;
  // A counter may pass 2^32 (a minute's number since 1970 does not), so both halves are mixed in.
  for (const word of [counter >>> 0, Math.floor(counter / 2 ** 32)]) {
    high = Math.imul(high ^ word, 2654435761);
    low = Math.imul(low ^ word, 1597334677);
    high ^= high >>> 15;
    low ^= low >>> 13;
  }
  const mixedHigh = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  const mixedLow = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(mixedHigh ^ (mixedHigh >>> 13), 3266489909);
  return (4294967296 * (2097151 & mixedLow) + (mixedHigh >>> 0)) / TWO_TO_53;
};

/** Uniform in [low, high). */
export const between = (stream: string | Stream, counter: number, low: number, high: number): number =>
  low + (high - low) * uniform(stream, counter);

/** A whole number from low to high, both included. */
export const wholeBetween = (stream: string | Stream, counter: number, low: number, high: number): number =>
  Math.floor(between(stream, counter, low, high + 1));

/** True with this probability, 0..1. */
export const chance = (stream: string | Stream, counter: number, probability: number): boolean =>
  uniform(stream, counter) < probability;

/** A standard normal number (Box-Muller) from the two halves of one draw; within +-6.1. */
export const gaussian = (stream: string | Stream, counter: number): number => {
  const scaled = uniform(stream, counter) * HALF;
  const whole = Math.floor(scaled);
  return Math.sqrt(-2 * Math.log((whole + 1) / (HALF + 1))) * Math.cos(2 * Math.PI * (scaled - whole));
};

/** A log-normal number with this median; `sigma` is the standard deviation of its logarithm. */
export const logNormal = (stream: string | Stream, counter: number, median: number, sigma: number): number =>
  median * Math.exp(sigma * gaussian(stream, counter));

/** One of the options. Throws on an empty list. */
export const pick = <T>(stream: string | Stream, counter: number, options: readonly T[]): T => {
  const chosen = options[Math.floor(uniform(stream, counter) * options.length)];
  if (chosen === undefined)
    throw new RangeError(`${typeof stream === "string" ? stream : "a stream"}: nothing to pick from`);
  return chosen;
};

/** An id in the shape of a UUID, the same for the same name. */
export const uuidOf = (name: string): string => {
  const digest = sha256(name);
  return [
    digest.slice(0, 8),
    digest.slice(8, 12),
    digest.slice(12, 16),
    digest.slice(16, 20),
    digest.slice(20, 32),
  ].join("-");
};
