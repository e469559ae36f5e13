import { Malformed, messageOf, type Shape, textOf, wholeOf } from "./wire.ts";

/** Numbers with a shape, row-major. A flag is 0 or 1; whole numbers are exact up to 2^53. */
export type Tensor = Readonly<{
  type: "float" | "int" | "bool";
  dims: readonly number[];
  values: Float64Array;
}>;

/** How many numbers a shape holds: 1 where it has no dimension. */
export const sizeOf = (dims: readonly number[]): number => dims.reduce((product, dim) => product * dim, 1);

/** ONNX's numbers of the element types that a model here may have (onnx.proto, TensorProto.DataType). */
export const ELEMENT_TYPES: ReadonlyMap<number, Tensor["type"]> = new Map([
  [1, "float"],
  [7, "int"],
  [9, "bool"],
]);
const BYTES_EACH = { float: 4, int: 8, bool: 1 } as const;
const MOST_DIMENSIONS = 8;

const TENSOR: Shape = {
  name: "tensor",
  one: [2, 8, 9, 14],
  many: [1, 4, 5, 7],
  skipped: [12, 16],
  refused: {
    3: "a tensor of the file comes in segments",
    6: "a tensor of the file holds texts",
    10: "a tensor of the file holds numbers of double length",
    11: "a tensor of the file holds unsigned numbers",
    13: "a tensor of the file lies in another file",
  },
};

export type NamedTensor = Readonly<{ name: string; tensor: Tensor }>;

/** Reads a TensorProto whose numbers are all in it. Throws Malformed, also where the shape and the bytes do not agree. */
export const tensorOf = (bytes: Uint8Array): NamedTensor => {
  const message = messageOf(bytes, TENSOR);
  if (message.number(14) !== 0) throw new Malformed("a tensor of the file lies in another file");
  const name = message.text(8);
  const type = ELEMENT_TYPES.get(message.number(2));
  if (type === undefined) throw new Malformed(`tensor ${name} has elements of type ${message.number(2)}`);
  const dims = wholeNumbers(message.all(1));
  if (dims.length > MOST_DIMENSIONS || dims.some((dim) => dim < 0))
    throw new Malformed(`tensor ${name} has a shape of [${dims}]`);
  const raw = message.bytes(9);
  const values = raw === null ? listed(message, type) : rawValues(raw, type);
  // The product may be anything, the list is as long as the bytes that were there.
  if (values.length !== sizeOf(dims)) throw new Malformed(`tensor ${name} has not as many numbers as its shape says`);
  return { name, tensor: { type, dims, values } };
};

const rawValues = (raw: Uint8Array, type: Tensor["type"]): Float64Array => {
  const each = BYTES_EACH[type];
  if (raw.length % each !== 0) throw new Malformed("a tensor of the file ends in the middle of a number");
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const read = {
    float: (at: number) => view.getFloat32(at, true),
    int: (at: number) => wholeOf(view.getBigInt64(at, true)),
    bool: (at: number) => (view.getUint8(at) === 0 ? 0 : 1),
  }[type];
  return Float64Array.from({ length: raw.length / each }, (_, i) => read(i * each));
};

/** The fields in which small tensors may be written out: 4 floats, 5 flags, 7 whole numbers. */
const listed = (message: ReturnType<typeof messageOf>, type: Tensor["type"]): Float64Array => {
  const own = { float: 4, bool: 5, int: 7 }[type];
  if ([4, 5, 7].some((number) => number !== own && message.has(number)))
    throw new Malformed("a tensor of the file holds numbers of two types");
  if (type === "float") return Float64Array.from(floatsOf(message.all(4)));
  return Float64Array.from(wholeNumbers(message.all(own)));
};

type Fields = ReturnType<ReturnType<typeof messageOf>["all"]>;

/** Repeated whole numbers, packed or one by one. */
export const wholeNumbers = (fields: Fields): readonly number[] =>
  fields.flatMap((field) => {
    if (field.kind === "varint") return [wholeOf(field.value)];
    if (field.kind !== "bytes") throw new Malformed("the file has a fraction where a whole number belongs");
    return packed(field.value);
  });

const packed = (bytes: Uint8Array): readonly number[] => {
  const values: number[] = [];
  let value = 0n;
  let shift = 0n;
  for (const byte of bytes) {
    if (shift > 63n || (shift === 63n && byte > 1)) throw new Malformed("a number of the file has more than 64 bits");
    value |= BigInt(byte & 0x7f) << shift;
    shift += 7n;
    if (byte >= 0x80) continue;
    values.push(wholeOf(value));
    value = 0n;
    shift = 0n;
  }
  if (shift !== 0n) throw new Malformed("the file ends in the middle of a number");
  return values;
};

/** Repeated 32-bit floats, packed or one by one. */
export const floatsOf = (fields: Fields): readonly number[] =>
  fields.flatMap((field) => {
    if (field.kind === "varint" || field.kind === "fixed64")
      throw new Malformed("the file has no float where one belongs");
    if (field.value.length % 4 !== 0) throw new Malformed("the file ends in the middle of a float");
    const view = new DataView(field.value.buffer, field.value.byteOffset, field.value.byteLength);
    return Array.from({ length: field.value.length / 4 }, (_, i) => view.getFloat32(i * 4, true));
  });

const DIMENSION: Shape = { name: "dimension", one: [1, 2], many: [], skipped: [3], refused: {} };
const TENSOR_TYPE: Shape = { name: "tensor type", one: [1, 2], many: [], skipped: [], refused: {} };
const DIMENSIONS: Shape = { name: "shape", one: [], many: [1], skipped: [], refused: {} };
const NOT_A_TENSOR = "an input or an output of the file is no tensor";
const TYPE: Shape = {
  name: "type",
  one: [1],
  many: [],
  skipped: [6],
  refused: { 4: NOT_A_TENSOR, 5: NOT_A_TENSOR, 7: NOT_A_TENSOR, 8: NOT_A_TENSOR, 9: NOT_A_TENSOR },
};
const VALUE: Shape = { name: "value", one: [1, 2], many: [], skipped: [3, 4], refused: {} };

/** An input or output as the file declares it: null is a dimension that may be of any size. */
export type Declared = Readonly<{ name: string; type: Tensor["type"]; dims: readonly (number | null)[] }>;

/** Reads a ValueInfoProto. Throws Malformed where it is no tensor with a shape. */
export const declaredOf = (bytes: Uint8Array): Declared => {
  const message = messageOf(bytes, VALUE);
  const name = message.text(1);
  const outer = message.bytes(2);
  const inner = outer === null ? null : messageOf(outer, TYPE).bytes(1);
  if (inner === null) throw new Malformed(NOT_A_TENSOR);
  const tensor = messageOf(inner, TENSOR_TYPE);
  const type = ELEMENT_TYPES.get(tensor.number(1));
  if (type === undefined) throw new Malformed(`${name} has elements of type ${tensor.number(1)}`);
  const shape = tensor.bytes(2);
  if (shape === null) throw new Malformed(`${name} has no shape`);
  const dims = messageOf(shape, DIMENSIONS)
    .all(1)
    .map((field) => {
      if (field.kind !== "bytes") throw new Malformed(`${name} has a dimension that is none`);
      const dimension = messageOf(field.value, DIMENSION);
      return dimension.has(1) ? dimension.number(1) : null;
    });
  if (dims.length > MOST_DIMENSIONS) throw new Malformed(`${name} has ${dims.length} dimensions`);
  return { name, type, dims };
};

export const nameOf = (field: Fields[number]): string => {
  if (field.kind !== "bytes") throw new Malformed("the file has a name that is no text");
  return textOf(field.value);
};
