import { type Budget, elementwise, spend } from "./broadcast.ts";
import type { Attribute, Step } from "./model-file.ts";
import { concat, gather, matmul, reduced, reshape, squeeze, transpose, unsqueeze } from "./shaping.ts";
import { ELEMENT_TYPES, type Tensor } from "./tensor.ts";
import { Malformed } from "./wire.ts";

/** What an operator reads: its inputs, null where one is left out, and its attributes. */
type Call = Readonly<{
  inputs: readonly (Tensor | null)[];
  attributes: ReadonlyMap<string, Attribute>;
  budget: Budget;
}>;
type Operator = (call: Call) => Tensor;

const input = ({ inputs }: Call, index: number): Tensor => {
  const tensor = inputs[index];
  if (tensor === undefined || tensor === null) throw new Malformed("a step of the network lacks an input");
  return tensor;
};
const all = (call: Call): readonly Tensor[] => call.inputs.map((_, index) => input(call, index));
const numberOf = ({ attributes }: Call, name: string, otherwise: number): number => {
  const value = attributes.get(name) ?? otherwise;
  if (typeof value !== "number") throw new Malformed(`the attribute ${name} is no number`);
  return value;
};
const flagOf = (call: Call, name: string, otherwise: 0 | 1): boolean => numberOf(call, name, otherwise) !== 0;
const listOf = (call: Call, index: number): readonly number[] => [...(call.inputs[index]?.values ?? [])];

const map =
  (of: (value: number) => number): Operator =>
  (call) =>
    elementwise(call.budget, input(call, 0).type, [input(call, 0)], of);
/** Two numbers to one of their own type. */
const two =
  (of: (a: number, b: number) => number): Operator =>
  (call) => {
    const [a, b] = [input(call, 0), input(call, 1)];
    if (a.type !== b.type) throw new Malformed("two types of numbers are mixed");
    return elementwise(call.budget, a.type, [a, b], of);
  };
const claim =
  (of: (a: number, b: number) => boolean): Operator =>
  (call) =>
    elementwise(call.budget, "bool", [input(call, 0), input(call, 1)], (a, b) => (of(a, b) ? 1 : 0));
const reduce =
  (of: (row: readonly number[]) => number): Operator =>
  (call) => {
    const axes = listOf(call, 1);
    if (axes.length === 0 && flagOf(call, "noop_with_empty_axes", 0)) return input(call, 0);
    return reduced(call.budget, input(call, 0), axes, flagOf(call, "keepdims", 1), of);
  };

/** Python's and IEEE 754's: half to even. */
const rounded = (value: number): number => {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
};
const sum = (row: readonly number[]): number => row.reduce((total, value) => total + value, 0);
const mean = (row: readonly number[]): number => sum(row) / row.length;

const clip: Operator = (call) => {
  const least = call.inputs[1]?.values[0] ?? Number.NEGATIVE_INFINITY;
  const most = call.inputs[2]?.values[0] ?? Number.POSITIVE_INFINITY;
  return map((value) => (Number.isNaN(value) ? value : Math.min(most, Math.max(least, value))))(call);
};

const cast: Operator = (call) => {
  const { dims, values, type: from } = input(call, 0);
  const type = ELEMENT_TYPES.get(numberOf(call, "to", 0));
  if (type === undefined) throw new Malformed("numbers are turned into a type that none may have");
  spend(call.budget, dims);
  const to = { float: (value: number) => value, int: Math.trunc, bool: (value: number) => (value === 0 ? 0 : 1) }[type];
  return { type, dims, values: from === type ? values : values.map(to) };
};

/** The dimensions of a tensor, or those from `start` up to `end`. */
const shape: Operator = (call) => {
  const { dims } = input(call, 0);
  const some = dims.slice(numberOf(call, "start", 0), numberOf(call, "end", dims.length));
  return { type: "int", dims: [some.length], values: Float64Array.from(some) };
};

/** LayerNormalization-17 over the last dimension: arxiv.org/abs/1607.06450. */
const layerNormalization: Operator = (call) => {
  const [tensor, scale] = [input(call, 0), input(call, 1)];
  if (![-1, tensor.dims.length - 1].includes(numberOf(call, "axis", -1)))
    throw new Malformed("a normalisation over more than the last dimension");
  const epsilon = numberOf(call, "epsilon", 1e-5);
  const average = reduced(call.budget, tensor, [-1], true, mean);
  const centred = elementwise(call.budget, "float", [tensor, average], (value, middle) => value - middle);
  const variance = reduced(call.budget, centred, [-1], true, (row) => mean(row.map((value) => value * value)));
  const scaled = elementwise(
    call.budget,
    "float",
    [centred, variance, scale],
    (value, square, by) => (value / Math.sqrt(square + epsilon)) * by,
  );
  const bias = call.inputs[2];
  return bias ? elementwise(call.budget, "float", [scaled, bias], (value, by) => value + by) : scaled;
};

const where: Operator = (call) => {
  const [, yes, no] = [input(call, 0), input(call, 1), input(call, 2)];
  if (yes.type !== no.type) throw new Malformed("two types of numbers are mixed");
  return elementwise(call.budget, yes.type, all(call), (condition, a = 0, b = 0) => (condition === 0 ? b : a));
};

const constant: Operator = ({ attributes }) => {
  const value = attributes.get("value");
  if (typeof value !== "object" || !("dims" in value)) throw new Malformed("a constant of the network is no tensor");
  return value;
};

const turned: Operator = (call) => {
  const order = call.attributes.get("perm");
  const own = input(call, 0);
  const backwards = own.dims.map((_, axis) => own.dims.length - 1 - axis);
  return transpose(call.budget, own, Array.isArray(order) ? order : backwards);
};

/**
 * Everything that a step of a model may do, each written as plainly as its definition reads (onnx.ai/onnx/operators). An
 * operator that is not in this list is not in a model: none of them loops, reads a file, or makes a shape from a value
 * beyond the sizes of the inputs.
 */
export const OPERATORS: ReadonlyMap<string, Operator> = new Map<string, Operator>([
  ["Add", two((a, b) => a + b)],
  ["And", claim((a, b) => a !== 0 && b !== 0)],
  ["Cast", cast],
  ["Clip", clip],
  ["Concat", (call) => concat(call.budget, all(call), numberOf(call, "axis", 0))],
  ["Constant", constant],
  ["Div", two((a, b) => a / b)],
  ["Equal", claim((a, b) => a === b)],
  ["Exp", map(Math.exp)],
  ["Gather", (call) => gather(call.budget, input(call, 0), input(call, 1), numberOf(call, "axis", 0))],
  ["Greater", claim((a, b) => a > b)],
  ["Identity", (call) => input(call, 0)],
  ["LayerNormalization", layerNormalization],
  ["Less", claim((a, b) => a < b)],
  ["Log", map(Math.log)],
  ["MatMul", (call) => matmul(call.budget, input(call, 0), input(call, 1))],
  ["Max", two(Math.max)],
  ["Min", two(Math.min)],
  ["Mul", two((a, b) => a * b)],
  ["Neg", map((value) => -value)],
  ["Not", map((value) => (value === 0 ? 1 : 0))],
  ["Pow", two((a, b) => a ** b)],
  ["ReduceMax", reduce((row) => row.reduce((best, value) => Math.max(best, value), Number.NEGATIVE_INFINITY))],
  ["ReduceMean", reduce(mean)],
  ["ReduceSum", reduce(sum)],
  ["Relu", map((value) => (Number.isNaN(value) ? value : Math.max(0, value)))],
  ["Reshape", (call) => reshape(input(call, 0), listOf(call, 1), flagOf(call, "allowzero", 0))],
  ["Round", map(rounded)],
  ["Shape", shape],
  ["Sigmoid", map((value) => 1 / (1 + Math.exp(-value)))],
  ["Sqrt", map(Math.sqrt)],
  ["Squeeze", (call) => squeeze(input(call, 0), listOf(call, 1))],
  ["Sub", two((a, b) => a - b)],
  ["Tanh", map(Math.tanh)],
  ["Transpose", turned],
  ["Unsqueeze", (call) => unsqueeze(input(call, 0), listOf(call, 1))],
  ["Where", where],
]);

/** What one step gives. Throws Malformed for an operator that is not on the list, and for more than one output. */
export const resultOf = (step: Step, inputs: readonly (Tensor | null)[], budget: Budget): Tensor => {
  const operator = OPERATORS.get(step.op);
  if (operator === undefined)
    throw new Malformed(`the network has an operator ${step.op}, which no model here may have`);
  if (step.outputs.length !== 1) throw new Malformed(`a step ${step.op} gives ${step.outputs.length} outputs`);
  return operator({ inputs, attributes: step.attributes, budget });
};
