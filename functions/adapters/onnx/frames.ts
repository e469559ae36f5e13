import { type Heads, headsFrom, OUTPUT_NAMES, packed, type Scene, shapeOf } from "./inference.ts";
import { sizeOf } from "./tensor.ts";

/**
 * How a scene and what a model says of it travel between two processes: frames of a length (4 bytes, of what follows), a
 * kind (1 byte) and a content, whose numbers are 32 bits, little-endian.
 */
export type Frame = Readonly<{ kind: number; content: Uint8Array }>;
/** What a frame is: the bytes of a model, that it is open, a scene, what is said of it, or why nothing is. */
export const KINDS = { model: 0, open: 1, scene: 2, heads: 3, failed: 4 } as const;

const HEADER = 5;
/** Larger than any model, scene or answer. */
const LONGEST = 16_000_000;

export const frame = (kind: number, content: Uint8Array): Uint8Array => {
  const bytes = new Uint8Array(HEADER + content.length);
  new DataView(bytes.buffer).setUint32(0, content.length + 1, true);
  bytes[4] = kind;
  bytes.set(content, HEADER);
  return bytes;
};

/** Takes bytes as they come in and returns the frames that are whole by then. Throws RangeError for one that is too long. */
export const frameReader = (): ((chunk: Uint8Array) => readonly Frame[]) => {
  let chunks: Uint8Array[] = [];
  let held = 0;
  return (chunk) => {
    chunks.push(chunk);
    held += chunk.length;
    const frames: Frame[] = [];
    for (;;) {
      const length = held < HEADER ? null : lengthAt(chunks);
      if (length === null || held < length) return frames;
      const all = Buffer.concat(chunks);
      frames.push({ kind: all[4] ?? 0, content: all.subarray(HEADER, length) });
      chunks = [all.subarray(length)];
      held -= length;
    }
  };
};

/** The length of the first frame, its header included. */
const lengthAt = (chunks: readonly Uint8Array[]): number => {
  const [first = new Uint8Array()] = chunks;
  const header = first.length >= HEADER ? first : Buffer.concat(chunks);
  const length = new DataView(header.buffer, header.byteOffset, header.byteLength).getUint32(0, true);
  if (length < 1 || length > LONGEST) throw new RangeError(`a frame of ${length} bytes`);
  return HEADER - 1 + length;
};

const floatsIn = (content: Uint8Array, from: number, count: number): Float32Array => {
  const bytes = content.subarray(from, from + 4 * count);
  if (bytes.length !== 4 * count) throw new RangeError("a frame ends before its numbers do");
  // A copy: a view of floats begins at a multiple of four.
  return new Float32Array(Uint8Array.from(bytes).buffer);
};

export const sceneContent = ({ state, candidates, allowed }: Scene): Uint8Array => {
  const width = candidates[0]?.length ?? 0;
  const parts = [Uint32Array.of(state.length, candidates.length, width), packed([state]), packed(candidates)];
  return Buffer.concat([...parts.map(({ buffer }) => new Uint8Array(buffer)), Uint8Array.from(allowed, Number)]);
};

/** The scene that `sceneContent` wrote. Throws RangeError where it is not whole. */
export const sceneIn = (content: Uint8Array): Scene => {
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  const [S, K, A] = [view.getUint32(0, true), view.getUint32(4, true), view.getUint32(8, true)];
  const floats = floatsIn(content, 12, S + K * A);
  const mask = content.subarray(12 + 4 * floats.length);
  if (mask.length !== K) throw new RangeError("a scene has not one flag a candidate");
  return {
    state: floats.subarray(0, S),
    candidates: Array.from({ length: K }, (_, k) => floats.subarray(S + k * A, S + (k + 1) * A)),
    allowed: Array.from(mask, (one) => one === 1),
  };
};

export const headsContent = (heads: Heads): Uint8Array => {
  const sizes = Uint32Array.from(OUTPUT_NAMES, (name) => heads[name].length);
  const floats = OUTPUT_NAMES.map((name) => new Uint8Array(Float32Array.from(heads[name]).buffer));
  return Buffer.concat([new Uint8Array(sizes.buffer), ...floats]);
};

/** What `headsContent` wrote, for M members and K candidates. Throws RangeError where it is of other sizes. */
export const headsIn = (content: Uint8Array, M: number, K: number): Heads => {
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  let at = 4 * OUTPUT_NAMES.length;
  const heads = OUTPUT_NAMES.map((name, index): readonly [keyof Heads, Float32Array] => {
    const length = sizeOf(shapeOf(name, M, K));
    if (view.getUint32(4 * index, true) !== length) throw new RangeError(`${name} has not ${length} numbers`);
    const floats = floatsIn(content, at, length);
    at += 4 * length;
    return [name, floats];
  });
  const of = new Map(heads);
  return headsFrom((name) => of.get(name) ?? new Float32Array());
};
