import { type Declared, declaredOf, floatsOf, nameOf, type Tensor, tensorOf, wholeNumbers } from "./tensor.ts";
import { type Field, Malformed, type Message, messageOf, type Shape } from "./wire.ts";

/** What a step of the network is told beside its inputs. */
export type Attribute = number | readonly number[] | string | Tensor;

/** One step: its outputs from its inputs, all by name; "" is an input that is left out. */
export type Step = Readonly<{
  op: string;
  inputs: readonly string[];
  outputs: readonly string[];
  attributes: ReadonlyMap<string, Attribute>;
}>;

/** All of an ONNX file that its meaning rests on. */
export type ModelFile = Readonly<{
  opset: number;
  inputs: readonly Declared[];
  outputs: readonly Declared[];
  initializers: ReadonlyMap<string, Tensor>;
  steps: readonly Step[];
}>;
type FileRead = Readonly<{ kind: "file"; file: ModelFile }> | Readonly<{ kind: "refused"; detail: string }>;

const NESTED = "the file has a network inside a network";
const MODEL: Shape = {
  name: "model",
  one: [1, 5, 7],
  many: [8],
  skipped: [2, 3, 4, 6, 14],
  refused: {
    20: "the file carries a training loop",
    25: "the file defines operators of its own",
    26: "the file is made for several devices",
  },
};
const OPSET: Shape = { name: "opset", one: [1, 2], many: [], skipped: [], refused: {} };
const GRAPH: Shape = {
  name: "graph",
  one: [],
  many: [1, 5, 11, 12],
  skipped: [2, 10, 13, 16],
  refused: { 14: "the file is quantised", 15: "the file has a sparse tensor" },
};
const NODE: Shape = {
  name: "step",
  one: [4, 7],
  many: [1, 2, 5],
  skipped: [3, 6, 9],
  refused: { 8: "the file overloads an operator", 10: "the file is made for several devices" },
};
const ATTRIBUTE: Shape = {
  name: "attribute",
  one: [1, 2, 3, 4, 5, 20],
  many: [7, 8],
  skipped: [13],
  refused: {
    6: NESTED,
    9: "the file has a list of texts",
    10: "the file has a list of tensors",
    11: NESTED,
    14: "the file has a type as an attribute",
    15: "the file has a type as an attribute",
    21: "the file has an attribute of a function",
    22: "the file has a sparse tensor",
    23: "the file has a sparse tensor",
  },
};

/** More than ten times what the network needs. */
const MOST_STEPS = 2000;

/**
 * Walks the bytes of an ONNX file and nothing else: no path in it is followed, nothing of it is run. Never throws: what
 * it may not hold (another file's data, operators of its own, a loop, a field that nobody here knows) is said in a sentence.
 */
export const readModelFile = (bytes: Uint8Array): FileRead => {
  try {
    return { kind: "file", file: fileOf(bytes) };
  } catch (error) {
    if (error instanceof Malformed) return { kind: "refused", detail: error.message };
    throw error;
  }
};

const bytesOf = (field: Field): Uint8Array => {
  if (field.kind !== "bytes") throw new Malformed("the file has a number where a message belongs");
  return field.value;
};

const isOwnDomain = (domain: string): boolean => domain === "" || domain === "ai.onnx";

const fileOf = (bytes: Uint8Array): ModelFile => {
  const model = messageOf(bytes, MODEL);
  const opsets = model.all(8).map((field) => messageOf(bytesOf(field), OPSET));
  const [opset] = opsets;
  const foreign = opsets.find((one) => !isOwnDomain(one.text(1)));
  if (foreign !== undefined) throw new Malformed(`the file asks for operators of ${foreign.text(1)}`);
  if (opset === undefined || opsets.length > 1)
    throw new Malformed(`the file names ${opsets.length} sets of operators`);
  const inner = model.bytes(7);
  if (inner === null) throw new Malformed("the file has no network in it");
  const graph = messageOf(inner, GRAPH);
  if (graph.all(1).length > MOST_STEPS) throw new Malformed(`the network has ${graph.all(1).length} steps`);
  const file = {
    opset: opset.number(2),
    inputs: graph.all(11).map((field) => declaredOf(bytesOf(field))),
    outputs: graph.all(12).map((field) => declaredOf(bytesOf(field))),
    initializers: new Map(
      graph
        .all(5)
        .map((field) => tensorOf(bytesOf(field)))
        .map((one) => [one.name, one.tensor]),
    ),
    steps: graph.all(1).map((field) => stepOf(bytesOf(field))),
  };
  refuseConfusion(file, graph.all(5).length);
  return file;
};

/** Every name is said once, and before it is used: two readers of the file cannot take it for two networks. */
const refuseConfusion = (file: ModelFile, initializers: number): void => {
  if (file.initializers.size !== initializers) throw new Malformed("two tensors of the file have one name");
  const known = new Set(file.initializers.keys());
  const add = (name: string): void => {
    if (name === "" || known.has(name))
      throw new Malformed(`the network has ${name === "" ? "a nameless value" : `${name} twice`}`);
    known.add(name);
  };
  for (const { name } of file.inputs) add(name);
  for (const { inputs, outputs, op } of file.steps) {
    const unknown = inputs.find((name) => name !== "" && !known.has(name));
    if (unknown !== undefined) throw new Malformed(`a step ${op} reads ${unknown} before it is there`);
    for (const name of outputs) add(name);
  }
  const lacking = file.outputs.find(({ name }) => !known.has(name));
  if (lacking !== undefined) throw new Malformed(`nothing gives the output ${lacking.name}`);
};

const stepOf = (bytes: Uint8Array): Step => {
  const message = messageOf(bytes, NODE);
  const [op, domain] = [message.text(4), message.text(7)];
  if (!isOwnDomain(domain)) throw new Malformed(`the network has an operator ${op} of ${domain}`);
  const attributes = message.all(5).map((field) => attributeOf(bytesOf(field)));
  if (new Set(attributes.map(([name]) => name)).size !== attributes.length)
    throw new Malformed(`a step ${op} has an attribute twice`);
  return {
    op,
    inputs: message.all(1).map(nameOf),
    outputs: message.all(2).map(nameOf),
    attributes: new Map(attributes),
  };
};

/** The field in which a value of a type lies (onnx.proto, AttributeProto): float, int, text, tensor, floats, ints. */
const FIELD_OF_TYPE: ReadonlyMap<number, number> = new Map([
  [1, 2],
  [2, 3],
  [3, 4],
  [4, 5],
  [6, 7],
  [7, 8],
]);

const attributeOf = (bytes: Uint8Array): readonly [string, Attribute] => {
  const message = messageOf(bytes, ATTRIBUTE);
  const [name, type] = [message.text(1), message.number(20)];
  const own = FIELD_OF_TYPE.get(type);
  if (own === undefined) throw new Malformed(`attribute ${name} is of type ${type}`);
  if ([...FIELD_OF_TYPE.values()].some((field) => field !== own && message.has(field)))
    throw new Malformed(`attribute ${name} has values of two types`);
  return [name, heldIn(message, own)];
};

const heldIn = (message: Message, field: number): Attribute => {
  if (field === 3) return message.number(field);
  if (field === 4) return message.text(field);
  if (field === 8) return wholeNumbers(message.all(field));
  if (field === 5) return tensorOf(message.bytes(field) ?? new Uint8Array()).tensor;
  const fields = message.all(field);
  if (field === 7) return floatsOf(fields);
  if (fields.some(({ kind }) => kind !== "fixed32")) throw new Malformed("the file has no float where one belongs");
  return floatsOf(fields)[0] ?? 0;
};
