import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CANDIDATE_FEATURES, FEATURES_HASH, STATE_FEATURES } from "../../core/features.ts";
import { sha256 } from "../../core/ids.ts";
import { MASKED, type Scene } from "./inference.ts";
import { MANIFEST_FILE, MODEL_FILE } from "./load-model.ts";
import { manifestHash } from "./manifest.ts";

/** ONNX files written byte by byte, so that a test can write what no library would. */

const varint = (value: number | bigint): Uint8Array => {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  do {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    bytes.push(rest === 0n ? low : low | 0x80);
  } while (rest !== 0n);
  return Uint8Array.from(bytes);
};
export const bytesField = (number: number, content: Uint8Array | string): Uint8Array => {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  return Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes]);
};
export const numberField = (number: number, value: number | bigint): Uint8Array =>
  Buffer.concat([varint(number * 8), varint(value)]);
export const floatField = (number: number, value: number): Uint8Array =>
  Buffer.concat([varint(number * 8 + 5), new Uint8Array(Float32Array.of(value).buffer)]);
export const message = (...fields: readonly Uint8Array[]): Uint8Array => Buffer.concat(fields);

/** Element types of ONNX. */
export const FLOAT = 1;
export const INT = 7;
export const BOOL = 9;

export const tensorProto = (
  name: string,
  type: number,
  dims: readonly number[],
  values: readonly number[],
): Uint8Array => {
  const raw =
    type === FLOAT
      ? Float32Array.from(values)
      : type === INT
        ? BigInt64Array.from(values, BigInt)
        : Uint8Array.from(values);
  return message(
    ...dims.map((dim) => numberField(1, dim)),
    numberField(2, type),
    bytesField(8, name),
    bytesField(9, new Uint8Array(raw.buffer)),
  );
};

type AttributeValue = number | readonly number[] | Readonly<{ float: number }> | Readonly<{ tensor: Uint8Array }>;
const attributeProto = (name: string, value: AttributeValue): Uint8Array => {
  const named = bytesField(1, name);
  if (typeof value === "number") return message(named, numberField(3, value), numberField(20, 2));
  if ("float" in value) return message(named, floatField(2, value.float), numberField(20, 1));
  if ("tensor" in value) return message(named, bytesField(5, value.tensor), numberField(20, 4));
  return message(named, ...value.map((one) => numberField(8, one)), numberField(20, 7));
};

export const node = (
  op: string,
  inputs: readonly string[],
  output: string,
  attributes: Readonly<Record<string, AttributeValue>> = {},
): Uint8Array =>
  message(
    ...inputs.map((one) => bytesField(1, one)),
    bytesField(2, output),
    bytesField(4, op),
    ...Object.entries(attributes).map(([name, value]) => bytesField(5, attributeProto(name, value))),
  );

export const valueInfo = (name: string, type: number, dims: readonly (number | string)[]): Uint8Array => {
  const shape = message(
    ...dims.map((dim) => bytesField(1, typeof dim === "number" ? numberField(1, dim) : bytesField(2, dim))),
  );
  return message(
    bytesField(1, name),
    bytesField(2, bytesField(1, message(numberField(1, type), bytesField(2, shape)))),
  );
};

export type Parts = Readonly<{
  opset: number;
  nodes: readonly Uint8Array[];
  initializers: readonly Uint8Array[];
  inputs: readonly Uint8Array[];
  outputs: readonly Uint8Array[];
  /** Fields of the graph and of the model that are not among the above. */
  graph: readonly Uint8Array[];
  model: readonly Uint8Array[];
}>;

export const modelProto = ({ opset, nodes, initializers, inputs, outputs, graph, model }: Parts): Uint8Array =>
  message(
    numberField(1, 8),
    bytesField(
      7,
      message(
        ...nodes.map((one) => bytesField(1, one)),
        bytesField(2, "network"),
        ...initializers.map((one) => bytesField(5, one)),
        ...inputs.map((one) => bytesField(11, one)),
        ...outputs.map((one) => bytesField(12, one)),
        ...graph,
      ),
    ),
    bytesField(8, message(bytesField(1, ""), numberField(2, opset))),
    ...model,
  );

export const S = STATE_FEATURES.length;
export const A = CANDIDATE_FEATURES.length;
export const MEMBERS = 2;

/** Numbers that are drawn the same way every time, between -1 and 1: a linear congruential generator. */
export const drawn = (count: number, seed = 1): readonly number[] => {
  let state = seed;
  return Array.from({ length: count }, () => {
    state = (state * 1664525 + 1013904223) % 2 ** 32;
    return state / 2 ** 31 - 1;
  });
};

const scaled = (count: number, scale: number, seed: number): readonly number[] =>
  drawn(count, seed).map((one) => one * scale);

/** One layer of two members, with everything around it that the real network has. */
export const networkParts = (): Parts => ({
  opset: 18,
  inputs: [
    valueInfo("state", FLOAT, ["B", S]),
    valueInfo("candidates", FLOAT, ["B", "K", A]),
    valueInfo("mask", BOOL, ["B", "K"]),
  ],
  outputs: [
    ...["q", "value", "p_recover", "p_harm"].map((name) => valueInfo(name, FLOAT, ["B", MEMBERS, "K"])),
    valueInfo("log_pi_b", FLOAT, ["B", "K"]),
    valueInfo("ood", FLOAT, ["B"]),
  ],
  initializers: [
    tensorProto("of_state", FLOAT, [1, MEMBERS, S, 5], scaled(MEMBERS * S * 5, 0.1, 2)),
    tensorProto("of_candidate", FLOAT, [1, MEMBERS, A, 5], scaled(MEMBERS * A * 5, 0.1, 3)),
    tensorProto("bias", FLOAT, [5], [-1, -1, 0, -1, 0]),
    tensorProto("two", FLOAT, [], [2]),
    tensorProto("least", FLOAT, [], [-5]),
    tensorProto("most", FLOAT, [], [5]),
    tensorProto("never", FLOAT, [], [-1e9]),
    tensorProto("floor", FLOAT, [], [-39]),
    tensorProto("masked", FLOAT, [], [MASKED]),
    tensorProto("first", INT, [1], [1]),
    tensorProto("both", INT, [2], [1, 2]),
    ...[0, 1, 2, 3, 4].map((column) => tensorProto(`column${column}`, INT, [], [column])),
  ],
  nodes: [
    node("Clip", ["state", "least", "most"], "s"),
    node("Clip", ["candidates", "least", "most"], "c"),
    node("Unsqueeze", ["s", "both"], "s4"),
    node("Unsqueeze", ["c", "first"], "c4"),
    node("MatMul", ["s4", "of_state"], "hs"),
    node("MatMul", ["c4", "of_candidate"], "hc"),
    node("Add", ["hs", "hc"], "h"),
    node("Add", ["h", "bias"], "out"),
    ...["q", "value", "recover", "harm", "behaves"].map((name, column) =>
      node("Gather", ["out", `column${column}`], name, { axis: 3 }),
    ),
    node("Sigmoid", ["recover"], "p_recover"),
    node("Sigmoid", ["harm"], "p_harm"),
    node("ReduceMean", ["behaves", "first"], "logits", { keepdims: 0 }),
    node("Where", ["mask", "logits", "never"], "allowed"),
    node("ReduceMax", ["allowed", "first"], "top"),
    node("Sub", ["allowed", "top"], "shifted"),
    node("Exp", ["shifted"], "e"),
    node("ReduceSum", ["e", "first"], "total"),
    node("Log", ["total"], "lt"),
    node("Sub", ["shifted", "lt"], "log_p"),
    node("Clip", ["log_p", "floor"], "floored"),
    node("Where", ["mask", "floored", "masked"], "log_pi_b"),
    node("Pow", ["s", "two"], "squares"),
    node("ReduceMean", ["squares", "first"], "square", { keepdims: 0 }),
    node("Sqrt", ["square"], "ood"),
  ],
  graph: [],
  model: [],
});

export const modelBytes = (change: Partial<Parts> = {}): Uint8Array => modelProto({ ...networkParts(), ...change });

const KNOTS = { raw: [0, 0.5, 1], mean: [0.1, 0.4, 0.9], low: [0, 0.3, 0.7], high: [0.2, 0.5, 1] };
const VALUES = { raw: [-4, 0], mean: [-3, -0.1], low: [-4, -0.3], high: [-2, 0] };

/** The manifest of these bytes, with these members in place of its own, and its hash computed. */
export const manifestFor = (
  bytes: Uint8Array,
  change: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> => {
  const rest = {
    schema: 1,
    model: { sha256: sha256(bytes), bytes: bytes.length, opset: 18 },
    features_hash: FEATURES_HASH,
    reward_hash: sha256("reward"),
    catalogue_hash: sha256("catalogue"),
    simulator_hash: sha256("simulator"),
    data_hash: sha256("data"),
    code_revision: "0123456789abcdef",
    shapes: { S, A, members: MEMBERS },
    rank: { q: 1, value: 0.5, support: 0.25 },
    evidence: { source: "simulated", incidents: 2000, decisions: 4000 },
    thresholds: {
      ...{ m: 1, delta: 0.05, support: 0.05, distance: 10, tie: 0.1 },
      tiers: [0, 1, 2, 3].map((tier) => ({ tier, maxHarm: 0.6 - 0.1 * tier })),
    },
    calibration: { horizonMinutes: 30, recover: KNOTS, harm: KNOTS, value: VALUES },
    gate: { verdict: "passed", reasons: ["all held"], undecided: ["network"], approval: ["ecs-rollback"] },
    report: "report.html",
    createdAt: "2026-11-21T19:37:39Z",
    ...change,
  };
  return { ...rest, manifest_hash: manifestHash(rest) };
};

/** A folder with a whole pair, as these make it. */
export const pairFolder = (
  bytes: Uint8Array = modelBytes(),
  manifest: Readonly<Record<string, unknown>> = manifestFor(bytes),
): string => {
  const folder = mkdtempSync(join(tmpdir(), "quell-model-"));
  writeFileSync(join(folder, MODEL_FILE), bytes);
  writeFileSync(join(folder, MANIFEST_FILE), JSON.stringify(manifest));
  return folder;
};

/** A scene of K candidates, drawn; every third one is not allowed. */
export const drawnScene = (K: number, seed = 7): Scene => {
  const numbers = drawn(S + K * A, seed).map((one) => one * 3);
  return {
    state: numbers.slice(0, S),
    candidates: Array.from({ length: K }, (_, k) => numbers.slice(S + k * A, S + (k + 1) * A)),
    allowed: Array.from({ length: K }, (_, k) => k % 3 !== 2),
  };
};
