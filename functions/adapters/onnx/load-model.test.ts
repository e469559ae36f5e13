import assert from "node:assert/strict";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { sha256 } from "../../core/ids.ts";
import { checkPair, loadModel, MODEL_FILE, readPair } from "./load-model.ts";
import {
  bytesField,
  drawnScene,
  FLOAT,
  manifestFor,
  message,
  modelBytes,
  networkParts,
  node,
  numberField,
  pairFolder,
  tensorProto,
  valueInfo,
} from "./model.fixture.ts";
import { readModelFile } from "./model-file.ts";
import { inferenceOf } from "./open-model.ts";

const GOOD = modelBytes();
const said = (manifest: Readonly<Record<string, unknown>>): string => JSON.stringify(manifest);
const NOT_DEPLOYED = { code: "model-mismatch", detail: "the model is not one that was deployed" };
/** What is said of bytes whose manifest was made for them: nothing but the file itself can speak against it. */
const ofBytes = (model: Uint8Array, change: Readonly<Record<string, unknown>> = {}): string => {
  const load = checkPair({ model, manifest: said(manifestFor(model, change)) });
  return load.kind === "loaded" ? "loaded" : `${load.because.code}: ${load.because.detail}`;
};

test("a whole pair is loaded", () => {
  const load = loadModel(pairFolder());

  assert.equal(load.kind, "loaded");
});

test("every single byte of the model is bound by its manifest", () => {
  const manifest = said(manifestFor(GOOD));
  const places = Array.from({ length: 600 }, (_, i) => Math.floor((i * GOOD.length) / 600));

  const loads = places.flatMap((place) =>
    [1, 0x80].map((bit) => {
      const model = Uint8Array.from(GOOD);
      model[place] = (model[place] ?? 0) ^ bit;
      return checkPair({ model, manifest });
    }),
  );

  assert.equal(loads.length, 1200);
  for (const load of loads) assert.equal(load.kind === "refused" && load.because.code, "model-mismatch");
});

test("a changed byte whose hashes were made again is a network of the same shapes, or refused; nothing is thrown", () => {
  const spot = fc.nat(GOOD.length - 1);

  fc.assert(
    fc.property(spot, fc.integer({ min: 1, max: 255 }), (place, mask) => {
      const model = Uint8Array.from(GOOD);
      model[place] = (model[place] ?? 0) ^ mask;

      const load = checkPair({ model, manifest: said(manifestFor(model)) });

      if (load.kind === "refused") return;
      assert.deepEqual(
        load.file.steps.map(({ op }) => op),
        readSteps(GOOD),
      );
    }),
    { numRuns: 500 },
  );
});
const readSteps = (bytes: Uint8Array): readonly string[] => {
  const read = readModelFile(bytes);
  return read.kind === "file" ? read.file.steps.map(({ op }) => op) : [];
};

test("a truncated model is refused, whatever is left of it and whatever its manifest says", () => {
  const whole = said(manifestFor(GOOD));

  for (let length = 0; length < GOOD.length; length += 97) {
    const model = GOOD.slice(0, length);
    assert.equal(checkPair({ model, manifest: whole }).kind, "refused");
    assert.match(ofBytes(model), /^model-mismatch/, `${length} bytes`);
  }
});

test("whatever bytes are given as a model, the answer is a value", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      assert.ok(["file", "refused"].includes(readModelFile(bytes).kind));
    }),
    { numRuns: 1000 },
  );
});

test("a length that reaches beyond the file, and a number that does not end, are not believed", () => {
  for (const bytes of [
    Uint8Array.of(0x3a, 0xff, 0xff, 0xff, 0xff, 0x0f, 1),
    Uint8Array.from({ length: 12 }, () => 0xff),
    Uint8Array.of(0x3a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01),
  ])
    assert.match(ofBytes(bytes), /^model-mismatch: (a length|a number)/);
});

test("a model that nobody wrote, or that was deleted, is no model, and the reason names no path", () => {
  const folder = pairFolder();
  rmSync(join(folder, MODEL_FILE));
  const asFolder = pairFolder();
  rmSync(join(asFolder, MODEL_FILE));
  mkdirSync(join(asFolder, MODEL_FILE));

  for (const one of [folder, asFolder, join(folder, "nowhere")]) {
    const load = loadModel(one);
    assert.ok(load.kind === "refused");
    assert.equal(load.because.code, "no-model");
    assert.match(load.because.detail, /^no model\.onnx with its manifest\.json can be read \([\w ]+\)$/);
  }
});

test("a file that is swapped after it was read changes nothing: what runs are the bytes that were hashed", async () => {
  const folder = pairFolder();
  const scene = drawnScene(4);
  const load = loadModel(folder);
  assert.ok(load.kind === "loaded");
  const swapped = modelBytes({ initializers: networkParts().initializers.slice(1) });
  writeFileSync(join(folder, MODEL_FILE), swapped);

  const after = await inferenceOf(load, "none");

  const before = await inferenceOf({ ...load, bytes: GOOD }, "none");
  assert.deepEqual(await after.run(scene), await before.run(scene));
  assert.equal(sha256(load.bytes), sha256(GOOD));
  assert.equal(loadModel(folder).kind, "refused");
});

test("a file that is larger than any model is refused before it is read whole", () => {
  const folder = pairFolder();
  writeFileSync(join(folder, MODEL_FILE), new Uint8Array(50_000_000));

  const pair = readPair(folder);

  assert.ok(pair.kind === "pair");
  assert.equal(pair.model.length, 2_000_001);
  assert.equal(checkPair(pair).kind, "refused");
});

const parts = networkParts();
const identity = (op: string, fields: readonly Uint8Array[] = []): Uint8Array =>
  message(node(op, ["state"], "odd"), ...fields);
const external = message(
  numberField(1, 4),
  numberField(2, FLOAT),
  bytesField(8, "far"),
  bytesField(13, message(bytesField(1, "location"), bytesField(2, "../../etc/passwd"))),
  numberField(14, 1),
);
const tensorWithDims = (dims: readonly (number | bigint)[], raw: Uint8Array): Uint8Array =>
  message(...dims.map((dim) => numberField(1, dim)), numberField(2, FLOAT), bytesField(8, "huge"), bytesField(9, raw));
const attribute = (...fields: readonly Uint8Array[]): Uint8Array =>
  bytesField(5, message(bytesField(1, "a"), ...fields));

/** Files that are well hashed and were made by somebody who means ill. */
const ILL: readonly (readonly [what: string, bytes: Uint8Array, says: RegExp])[] = [
  ["a tensor in another file", modelBytes({ initializers: [...parts.initializers, external] }), /lies in another file/],
  [
    "a tensor whose data location alone is elsewhere",
    modelBytes({
      initializers: [...parts.initializers, message(tensorProto("far", FLOAT, [1], [1]), numberField(14, 1))],
    }),
    /lies in another file/,
  ],
  [
    "operators of its own",
    modelBytes({ nodes: [...parts.nodes, identity("Identity", [bytesField(7, "com.example")])] }),
    /operator Identity of com\.example/,
  ],
  [
    "another set of operators",
    modelBytes({ model: [bytesField(8, message(bytesField(1, "com.microsoft"), numberField(2, 1)))] }),
    /operators of com\.microsoft/,
  ],
  ["functions", modelBytes({ model: [bytesField(25, message(bytesField(1, "f")))] }), /operators of its own/],
  ["a training loop", modelBytes({ model: [bytesField(20, new Uint8Array())] }), /training loop/],
  ["two networks", modelBytes({ model: [bytesField(7, new Uint8Array())] }), /field 7 twice/],
  ["a field that nobody knows", modelBytes({ model: [numberField(99, 1)] }), /field 99/],
  ["older operators", modelBytes({ opset: 17 }), /operators of set 17/],
  [
    "a loop",
    modelBytes({ nodes: [...parts.nodes, identity("Loop", [attribute(bytesField(6, new Uint8Array()))])] }),
    /network inside/,
  ],
  [
    "a condition",
    modelBytes({ nodes: [...parts.nodes, identity("If", [attribute(bytesField(11, new Uint8Array()))])] }),
    /network inside/,
  ],
  ["a scan without a body", modelBytes({ nodes: [...parts.nodes, identity("Scan")] }), /operator Scan/],
  ["an operator not on the list", modelBytes({ nodes: [...parts.nodes, identity("Expand")] }), /operator Expand/],
  [
    "an attribute of a function",
    modelBytes({ nodes: [...parts.nodes, identity("Neg", [attribute(bytesField(21, "x"))])] }),
    /attribute of a function/,
  ],
  ["a sparse tensor", modelBytes({ graph: [bytesField(15, new Uint8Array())] }), /sparse/],
  [
    "a tensor that says it is huge",
    modelBytes({ initializers: [...parts.initializers, tensorWithDims([2 ** 40, 2 ** 40], new Uint8Array(4))] }),
    /not as many numbers/,
  ],
  [
    "a tensor of negative size",
    modelBytes({ initializers: [...parts.initializers, tensorWithDims([-1n, -1n], new Uint8Array(4))] }),
    /shape of/,
  ],
  [
    "a shape beyond all numbers",
    modelBytes({ initializers: [...parts.initializers, tensorWithDims([2n ** 63n - 1n], new Uint8Array(4))] }),
    /too large/,
  ],
  [
    "a network that makes a huge tensor of small ones",
    modelBytes({
      initializers: [
        ...parts.initializers,
        tensorProto("tall", FLOAT, [40_000, 1], new Array<number>(40_000).fill(0)),
        tensorProto("wide", FLOAT, [1, 40_000], new Array<number>(40_000).fill(0)),
      ],
      nodes: [...parts.nodes, node("Add", ["tall", "wide"], "vast")],
    }),
    /more than a model of its size needs/,
  ],
  [
    "matrices that multiply for hours",
    modelBytes({
      initializers: [
        ...parts.initializers,
        tensorProto("left", FLOAT, [400, 400], new Array<number>(160_000).fill(0)),
        tensorProto("right", FLOAT, [400, 400], new Array<number>(160_000).fill(0)),
      ],
      nodes: [...parts.nodes, node("MatMul", ["left", "right"], "product")],
    }),
    /more than a model of its size needs/,
  ],
  ["a name that is used twice", modelBytes({ nodes: [...parts.nodes, node("Neg", ["q"], "value")] }), /value twice/],
  [
    "a value before it is there",
    modelBytes({ nodes: [node("Neg", ["q"], "early"), ...parts.nodes] }),
    /before it is there/,
  ],
  ["too few inputs", modelBytes({ inputs: parts.inputs.slice(0, 2) }), /reads mask before/],
  ["one input more", modelBytes({ inputs: [...parts.inputs, valueInfo("more", FLOAT, ["B"])] }), /4 inputs/],
  [
    "a state of another width",
    modelBytes({ inputs: [valueInfo("state", FLOAT, ["B", 7]), ...parts.inputs.slice(1)] }),
    /no input state/,
  ],
  [
    "a fixed number of candidates",
    modelBytes({ inputs: [...parts.inputs.slice(0, 2), valueInfo("mask", 9, ["B", 4])] }),
    /no input mask/,
  ],
  ["one output less", modelBytes({ outputs: parts.outputs.slice(1) }), /no output q/],
  ["one output more", modelBytes({ outputs: [...parts.outputs, valueInfo("top", FLOAT, ["B", 1])] }), /7 outputs/],
  [
    "an output of another shape",
    modelBytes({
      nodes: [...parts.nodes.slice(0, -1), node("Sqrt", ["squares"], "ood")],
    }),
    /output ood has the shape/,
  ],
  [
    "a masked candidate that is not marked",
    modelBytes({
      initializers: parts.initializers.map((one, i) => (i === 8 ? tensorProto("masked", FLOAT, [], [-39]) : one)),
    }),
    /log_pi_b is not -40/,
  ],
  [
    "weights that are no numbers",
    modelBytes({
      initializers: parts.initializers.map((one, i) =>
        i === 2 ? tensorProto("bias", FLOAT, [5], [Number.NaN, 0, 0, 0, 0]) : one,
      ),
    }),
    /output q is not finite/,
  ],
];

for (const [what, bytes, says] of ILL)
  test(`a well hashed file with ${what} is refused before anything is run`, () => {
    const answer = ofBytes(bytes);

    assert.match(answer, /^model-mismatch: /);
    assert.match(answer, says);
  });

test("a model of another number of members, features or bytes than its manifest says is refused", () => {
  const { length } = GOOD;
  const model = { sha256: sha256(GOOD), bytes: length, opset: 18 };

  assert.match(ofBytes(GOOD, { shapes: { S: 160, A: 130, members: 3 } }), /output q has the shape/);
  assert.match(ofBytes(GOOD, { shapes: { S: 161, A: 130, members: 2 } }), /features/);
  assert.match(ofBytes(GOOD, { model: { ...model, bytes: length + 1 } }), /bytes/);
  assert.match(ofBytes(GOOD, { model: { ...model, opset: 19 } }), /19/);
  assert.match(ofBytes(GOOD, { features_hash: sha256("others") }), /other features/);
});

test("only a model that passed its gate is served, and those who judge it may open any", () => {
  for (const verdict of ["refused", "NOT EVALUABLE", "none"]) {
    const manifest = said(manifestFor(GOOD, { gate: { verdict, reasons: [], undecided: [], approval: [] } }));

    const [served, judged] = [true, false].map((gated) => checkPair({ model: GOOD, manifest }, { gated }));

    assert.equal(served?.kind === "refused" && served.because.code, "model-mismatch");
    assert.equal(judged?.kind, "loaded");
  }
});

test("of models that are whole only one that is pinned is taken, and none where none is", () => {
  const manifest = manifestFor(GOOD);
  const pair = { model: GOOD, manifest: said(manifest) };

  const loads = [[String(manifest.manifest_hash), "0".repeat(64)], ["0".repeat(64)], [], ["none"]].map((pinned) =>
    checkPair(pair, { pinned }),
  );

  assert.deepEqual(
    loads.map((load) => (load.kind === "loaded" ? load.kind : load.because)),
    ["loaded", ...Array.from({ length: 3 }, () => NOT_DEPLOYED)],
  );
});

test("a manifest that vouches for the same network under other limits is not the one that is pinned", () => {
  const pinned = [String(manifestFor(GOOD).manifest_hash)];
  const gate = { verdict: "passed", reasons: [], undecided: [], approval: [] };
  const manifest = said(manifestFor(GOOD, { gate }));

  const [anywhere, deployed] = [checkPair({ model: GOOD, manifest }), checkPair({ model: GOOD, manifest }, { pinned })];

  assert.deepEqual([anywhere.kind, deployed], ["loaded", { kind: "refused", because: NOT_DEPLOYED }]);
});
