import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import fc from "fast-check";
import { aligned, paintFor, plain } from "./terminal-text.ts";

test("no text of other people can move the cursor, break a line or grow without bound", () => {
  const hostile = fc.constantFrom("\u001b[2J", "\r\n", "\u202e", "\u200b", "\u2028", "\u{e0041}", "ok");
  const text = fc.array(fc.oneof(hostile, fc.string({ unit: "binary" })), { maxLength: 60 });
  fc.assert(
    fc.property(text, (parts) => {
      const shown = plain(parts.join(""));

      assert.doesNotMatch(shown, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      assert.ok(shown.length <= 160);
    }),
  );
});

test("no colour reaches a stream that is not a terminal", () => {
  const painted = paintFor(new PassThrough())("red", "alarm");

  assert.equal(painted, "alarm");
});

test("columns are as wide as their widest cell and lines end without blanks", () => {
  const table = aligned([
    ["a", "bb", "c"],
    ["aaa", "b", ""],
  ]);

  assert.deepEqual(table, ["a    bb  c", "aaa  b"]);
});
