import assert from "node:assert/strict";
import { test } from "node:test";
import { env, InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { BOOL, drawn, FLOAT, INT, modelProto, node, tensorProto, valueInfo } from "./model.fixture.ts";
import { readModelFile } from "./model-file.ts";
import { OPERATORS, resultOf } from "./operators.ts";
import { ELEMENT_TYPES, sizeOf, type Tensor } from "./tensor.ts";
import { Malformed } from "./wire.ts";

env.logLevel = "error";

type Given = Readonly<{ type: number; dims: readonly number[]; values: readonly number[] }>;
const floats = (dims: readonly number[], seed = 1, of = (one: number) => one * 3): Given => ({
  type: FLOAT,
  dims,
  values: drawn(sizeOf(dims), seed).map(of),
});
const positive = (dims: readonly number[], seed = 1): Given => floats(dims, seed, (one) => Math.abs(one) + 0.1);
const ints = (...values: readonly number[]): Given => ({ type: INT, dims: [values.length], values });
const one = (value: number): Given => ({ type: FLOAT, dims: [], values: [value] });
const flags = (dims: readonly number[]): Given => ({
  type: BOOL,
  dims,
  values: drawn(sizeOf(dims), 5).map((value) => (value > 0 ? 1 : 0)),
});

type Attributes = Parameters<typeof node>[3];
type Case = readonly [op: string, inputs: readonly (Given | null)[], gives: number, attributes?: Attributes];

const X = floats([2, 3, 4]);
/** An operator, its inputs and the type of what it gives. Everything on the list is here. */
const CASES: readonly Case[] = [
  ["Add", [X, floats([3, 1], 2)], FLOAT],
  ["And", [flags([2, 3]), flags([3])], BOOL],
  ["Cast", [flags([2, 3])], INT, { to: INT }],
  ["Cast", [{ type: INT, dims: [3], values: [-2, 0, 7] }], FLOAT, { to: FLOAT }],
  ["Cast", [floats([5])], INT, { to: INT }],
  ["Cast", [floats([5])], BOOL, { to: BOOL }],
  ["Clip", [X, one(-1), one(2)], FLOAT],
  ["Clip", [X, null, one(0.5)], FLOAT],
  ["Concat", [X, floats([2, 1, 4], 2)], FLOAT, { axis: 1 }],
  ["Concat", [ints(1, 2), ints(3)], INT, { axis: 0 }],
  ["Div", [X, positive([4])], FLOAT],
  ["Equal", [ints(1, 2, 3), ints(3, 2, 1)], BOOL],
  ["Exp", [X], FLOAT],
  ["Gather", [X, { type: INT, dims: [2, 2], values: [0, 2, -1, 1] }], FLOAT, { axis: 1 }],
  ["Gather", [X, { type: INT, dims: [], values: [1] }], FLOAT, { axis: 2 }],
  ["Greater", [X, one(0)], BOOL],
  ["Identity", [X], FLOAT],
  ["LayerNormalization", [X, floats([4], 3), floats([4], 4)], FLOAT, { axis: -1, epsilon: { float: 1e-3 } }],
  ["LayerNormalization", [X, floats([4], 3)], FLOAT],
  ["Less", [X, floats([4], 9)], BOOL],
  ["Log", [positive([2, 3])], FLOAT],
  ["MatMul", [floats([1, 5, 2, 3]), floats([4, 1, 3, 6], 2)], FLOAT],
  ["MatMul", [floats([2, 3]), floats([5, 3, 2], 2)], FLOAT],
  ["Max", [X, floats([4], 2)], FLOAT],
  ["Min", [X, floats([4], 2)], FLOAT],
  ["Mul", [X, floats([2, 1, 1], 2)], FLOAT],
  ["Neg", [X], FLOAT],
  ["Not", [flags([4])], BOOL],
  ["Pow", [positive([2, 3]), one(2.5)], FLOAT],
  ["ReduceMax", [X, ints(1)], FLOAT],
  ["ReduceMean", [X, ints(0, -1)], FLOAT, { keepdims: 0 }],
  ["ReduceMean", [X], FLOAT, { keepdims: 0 }],
  ["ReduceSum", [X, ints(-1)], FLOAT, { keepdims: 1 }],
  ["ReduceSum", [X], FLOAT, { noop_with_empty_axes: 1 }],
  ["Relu", [X], FLOAT],
  ["Reshape", [X, ints(4, -1)], FLOAT],
  ["Reshape", [X, ints(0, 12)], FLOAT],
  ["Round", [{ type: FLOAT, dims: [8], values: [0.5, 1.5, 2.5, -0.5, -1.5, 0.49999, 2.7, -2.7] }], FLOAT],
  ["Shape", [X], INT],
  ["Shape", [X], INT, { start: 1, end: 2 }],
  ["Shape", [X], INT, { start: -2 }],
  ["Sigmoid", [X], FLOAT],
  ["Sqrt", [positive([3])], FLOAT],
  ["Squeeze", [floats([2, 1, 3, 1]), ints(1, -1)], FLOAT],
  ["Sub", [X, floats([3, 4], 2)], FLOAT],
  ["Tanh", [X], FLOAT],
  ["Transpose", [X], FLOAT],
  ["Transpose", [X], FLOAT, { perm: [2, 0, 1] }],
  ["Unsqueeze", [X, ints(0, -1)], FLOAT],
  ["Where", [flags([3, 1]), X, one(0)], FLOAT],
];

const bytesOf = ([op, inputs, gives, attributes]: Case): Uint8Array => {
  const names = inputs.map((given, i) => (given === null ? "" : `in${i}`));
  return modelProto({
    ...{ opset: 18, graph: [], model: [], initializers: [] },
    inputs: inputs.flatMap((given, i) => (given === null ? [] : [valueInfo(`in${i}`, given.type, given.dims)])),
    outputs: [valueInfo("out", gives, [])],
    nodes: [node(op, names, "out", attributes)],
  });
};

const tensorOf = ({ type, dims, values }: Given): Tensor => ({
  type: ELEMENT_TYPES.get(type) ?? "float",
  dims,
  values: Float64Array.from(values, type === FLOAT ? Math.fround : Number),
});
const ortTensor = ({ type, dims, values }: Given): OrtTensor => {
  if (type === FLOAT) return new OrtTensor("float32", Float32Array.from(values), dims);
  if (type === INT) return new OrtTensor("int64", BigInt64Array.from(values, BigInt), dims);
  return new OrtTensor("bool", Uint8Array.from(values), dims);
};
const unlimited = () => ({ numbers: 1e9, products: 1e9 });

/** ONNX Runtime warns of the shape that the output does not declare; what it computes is what counts. */
const byRuntime = async (one: Case) => {
  const session = await InferenceSession.create(bytesOf(one), {
    logSeverityLevel: 4,
    graphOptimizationLevel: "disabled",
  });
  const feeds = one[1].flatMap((given, i) => (given === null ? [] : [[`in${i}`, ortTensor(given)] as const]));
  const { out } = await session.run(Object.fromEntries(feeds));
  assert.ok(out !== undefined && !Array.isArray(out.data));
  return { dims: out.dims, values: Array.from(out.data as ArrayLike<number | bigint>, Number) };
};

for (const [index, one] of CASES.entries())
  test(`${one[0]} is what ONNX Runtime makes of it (${index})`, async () => {
    const read = readModelFile(bytesOf(one));
    assert.ok(read.kind === "file", read.kind === "refused" ? read.detail : "");
    const [step] = read.file.steps;
    assert.ok(step !== undefined);

    const own = resultOf(
      step,
      one[1].map((given) => (given === null ? null : tensorOf(given))),
      unlimited(),
    );

    const other = await byRuntime(one);
    assert.deepEqual([...own.dims], [...other.dims]);
    for (const [i, value] of other.values.entries()) {
      const distance = Math.abs(value - (own.values[i] ?? Number.NaN));
      assert.ok(distance <= 1e-5 * (1 + Math.abs(value)), `${i}: ${value} ${own.values[i]}`);
    }
  });

test("every operator on the list is compared, a constant with the tensor that it holds", () => {
  const compared = new Set(CASES.map(([op]) => op));
  const read = readModelFile(
    modelProto({
      ...{ opset: 18, graph: [], model: [], initializers: [], inputs: [] },
      outputs: [valueInfo("out", FLOAT, [2])],
      nodes: [node("Constant", [], "out", { value: { tensor: tensorProto("", FLOAT, [2], [3, 4]) } })],
    }),
  );
  assert.ok(read.kind === "file" && read.file.steps[0] !== undefined);

  const constant = resultOf(read.file.steps[0], [], unlimited());

  assert.deepEqual([...constant.values], [3, 4]);
  assert.deepEqual(
    [...OPERATORS.keys()].filter((op) => !compared.has(op)),
    ["Constant"],
  );
});

test("shapes that do not go together, rows that are not there and mixed types are malformed, not guessed", () => {
  const wrong: readonly Case[] = [
    ["Add", [floats([2, 3]), floats([2, 4])], FLOAT],
    ["Add", [floats([2]), ints(1, 2)], FLOAT],
    ["Gather", [floats([2]), ints(2)], FLOAT],
    ["MatMul", [floats([2, 3]), floats([2, 3])], FLOAT],
    ["Reshape", [floats([4]), ints(3)], FLOAT],
    ["Reshape", [floats([4]), ints(-1, 0)], FLOAT],
    ["Transpose", [floats([2, 3])], FLOAT, { perm: [0, 0] }],
    ["Concat", [floats([2, 3]), floats([3, 3])], FLOAT, { axis: 1 }],
    ["Where", [flags([2]), floats([2]), ints(1, 2)], FLOAT],
    ["LayerNormalization", [X, floats([4])], FLOAT, { axis: 1 }],
    ["Unsqueeze", [floats([2]), ints(5)], FLOAT],
    ["Neg", [], FLOAT],
  ];

  for (const one of wrong) {
    const read = readModelFile(bytesOf(one));
    assert.ok(read.kind === "file");
    const [step] = read.file.steps;
    assert.ok(step !== undefined);
    const inputs = one[1].map((given) => (given === null ? null : tensorOf(given)));
    assert.throws(() => resultOf(step, inputs, unlimited()), Malformed, one[0]);
  }
});
