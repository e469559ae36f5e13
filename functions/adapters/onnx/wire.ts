/**
 * The protobuf wire format (protobuf.dev/programming-guides/encoding), as far as ONNX needs it. A length is believed only
 * where the bytes are there; what is read is a view of them, and no field is read into another.
 */
export type Field =
  | Readonly<{ number: number; kind: "varint"; value: bigint }>
  | Readonly<{ number: number; kind: "bytes"; value: Uint8Array }>
  | Readonly<{ number: number; kind: "fixed32"; value: Uint8Array }>
  | Readonly<{ number: number; kind: "fixed64"; value: Uint8Array }>;

/** The bytes are not what they should be. The message is one sentence for people. */
export class Malformed extends Error {
  override readonly name = "Malformed";
}

/** A varint has at most ten bytes: 64 bits, seven a byte. */
const LONGEST_VARINT = 10;

const varintAt = (bytes: Uint8Array, at: number): Readonly<{ value: bigint; next: number }> => {
  let value = 0n;
  for (let read = 0; read < LONGEST_VARINT; read += 1) {
    const byte = bytes[at + read];
    if (byte === undefined) throw new Malformed("the file ends in the middle of a number");
    // The tenth holds the last of 64 bits and ends the number.
    if (read === LONGEST_VARINT - 1 && byte > 1) break;
    value |= BigInt(byte & 0x7f) << BigInt(7 * read);
    if (byte < 0x80) return { value, next: at + read + 1 };
  }
  throw new Malformed("a number of the file has more than 64 bits");
};

const sliceAt = (bytes: Uint8Array, at: number, length: bigint): Uint8Array => {
  if (length > BigInt(bytes.length - at)) throw new Malformed("a length of the file reaches beyond its end");
  return bytes.subarray(at, at + Number(length));
};

/** The fields of one message in their order. Throws Malformed where the bytes are no message. */
export const fieldsOf = (bytes: Uint8Array): readonly Field[] => {
  const fields: Field[] = [];
  for (let at = 0; at < bytes.length; ) {
    const key = varintAt(bytes, at);
    const number = Number(key.value >> 3n);
    const wire = Number(key.value & 7n);
    if (number < 1 || number > 0x1fffffff) throw new Malformed(`the file has a field of number ${number}`);
    if (wire === 0) {
      const { value, next } = varintAt(bytes, key.next);
      fields.push({ number, kind: "varint", value });
      at = next;
    } else if (wire === 2) {
      const length = varintAt(bytes, key.next);
      const value = sliceAt(bytes, length.next, length.value);
      fields.push({ number, kind: "bytes", value });
      at = length.next + value.length;
    } else if (wire === 1 || wire === 5) {
      const size = wire === 1 ? 8 : 4;
      fields.push({ number, kind: wire === 1 ? "fixed64" : "fixed32", value: sliceAt(bytes, key.next, BigInt(size)) });
      at = key.next + size;
    } else {
      throw new Malformed(`the file has a field of wire type ${wire}`);
    }
  }
  return fields;
};

/** What one kind of message may hold. `one`: at most once; `many`: any number of times; `skipped`: words for people. */
export type Shape = Readonly<{
  name: string;
  one: readonly number[];
  many: readonly number[];
  skipped: readonly number[];
  /** Fields that make the whole file unusable, with the reason. */
  refused: Readonly<Record<number, string>>;
}>;

/** A message by its fields; a field that its shape does not name is refused, and so is a single one that comes twice. */
export type Message = Readonly<{
  has: (number: number) => boolean;
  number: (number: number) => number;
  text: (number: number) => string;
  bytes: (number: number) => Uint8Array | null;
  all: (number: number) => readonly Field[];
}>;

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const LONGEST_TEXT = 1000;

export const textOf = (bytes: Uint8Array): string => {
  if (bytes.length > LONGEST_TEXT) throw new Malformed("the file has a name that is too long to be one");
  try {
    return UTF8.decode(bytes);
  } catch {
    throw new Malformed("the file has a name that is no text");
  }
};

/** A varint as a whole number. Throws Malformed where it is beyond what a double holds exactly. */
export const wholeOf = (value: bigint): number => {
  const signed = Number(BigInt.asIntN(64, value));
  if (!Number.isSafeInteger(signed)) throw new Malformed("the file has a number that is too large");
  return signed;
};

/** Reads one message of a known shape. Throws Malformed with the reason. */
export const messageOf = (bytes: Uint8Array, shape: Shape): Message => {
  const fields = new Map<number, Field[]>();
  for (const field of fieldsOf(bytes)) {
    const { number } = field;
    const why = shape.refused[number];
    if (why !== undefined) throw new Malformed(why);
    if (shape.skipped.includes(number)) continue;
    const held = fields.get(number) ?? [];
    const isKnown = shape.many.includes(number) || shape.one.includes(number);
    if (!isKnown) throw new Malformed(`the ${shape.name} has a field ${number}, which nobody here knows`);
    if (held.length > 0 && !shape.many.includes(number))
      throw new Malformed(`the ${shape.name} has its field ${number} twice`);
    held.push(field);
    fields.set(number, held);
  }
  const only = (number: number): Field | undefined => fields.get(number)?.[0];
  return {
    has: (number) => fields.has(number),
    number: (number) => {
      const field = only(number);
      if (field === undefined) return 0;
      if (field.kind !== "varint") throw new Malformed(`field ${number} of the ${shape.name} is no number`);
      return wholeOf(field.value);
    },
    text: (number) => {
      const field = only(number);
      if (field === undefined) return "";
      if (field.kind !== "bytes") throw new Malformed(`field ${number} of the ${shape.name} is no text`);
      return textOf(field.value);
    },
    bytes: (number) => {
      const field = only(number);
      if (field === undefined) return null;
      if (field.kind !== "bytes") throw new Malformed(`field ${number} of the ${shape.name} has no bytes`);
      return field.value;
    },
    all: (number) => fields.get(number) ?? [],
  };
};
