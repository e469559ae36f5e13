import assert from "node:assert/strict";
import { test } from "node:test";
import { bytesField, floatField, message, modelProto, numberField } from "./model.fixture.ts";
import { readModelFile } from "./model-file.ts";
import { wholeNumbers } from "./tensor.ts";
import { fieldsOf, Malformed, messageOf, textOf } from "./wire.ts";

const SHAPE = { name: "message", one: [1], many: [], skipped: [], refused: {} };
/** Field 1: a key of this wire type, then what follows. */
const held = (wire: number, ...rest: readonly number[]) => messageOf(Uint8Array.of(8 + wire, ...rest), SHAPE);
const NINE_FULL = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];

test("a name is told with all its characters, a mark of byte order at its beginning as well", () => {
  assert.equal(textOf(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61)), "\ufeffa");
});

test("bytes are only what was written as bytes: a fixed number of eight or four is none", () => {
  assert.deepEqual(held(2, 2, 7, 8).bytes(1), Uint8Array.of(7, 8));
  for (const message of [held(0, 1), held(1, 1, 2, 3, 4, 5, 6, 7, 8), held(5, 1, 2, 3, 4)])
    assert.throws(() => message.bytes(1), Malformed);
});

test("a number has 64 bits: the tenth byte holds the last of them, and whatever is more is refused", () => {
  assert.equal(held(0, ...NINE_FULL, 1).number(1), -1);
  for (const last of [2, 3, 0x41, 0x7f, 0x81])
    for (const read of [
      () => fieldsOf(Uint8Array.of(8, ...NINE_FULL, last, 0)),
      () => wholeNumbers(fieldsOf(Uint8Array.of(10, 11, ...NINE_FULL, last, 0))),
    ])
      assert.throws(read, /more than 64 bits/);
});

test("a single float of an attribute is one of four bytes: packed as many, or as a whole number, it is refused", () => {
  const detailOf = (value: Uint8Array): string => {
    const attribute = message(bytesField(1, "epsilon"), value, numberField(20, 1));
    const one = message(bytesField(2, "out"), bytesField(4, "Neg"), bytesField(5, attribute));
    const read = readModelFile(
      modelProto({ opset: 18, nodes: [one], initializers: [], inputs: [], outputs: [], graph: [], model: [] }),
    );
    return read.kind === "refused" ? read.detail : "read";
  };
  const four = Uint8Array.of(0, 0, 128, 63);

  const said = [
    floatField(2, 1),
    bytesField(2, four),
    bytesField(2, Uint8Array.of(...four, ...four)),
    numberField(2, 1),
  ];

  assert.deepEqual(said.map(detailOf), ["read", ...Array(3).fill("the file has no float where one belongs")]);
});
