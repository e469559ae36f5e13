import assert from "node:assert/strict";
import { test } from "node:test";
import { negatives } from "../core/redaction-corpus.fixture.ts";
import { redactionTable } from "./redaction.ts";

test("every class that is called sure is recalled whole, on the way in and on the way out, without a false alarm", () => {
  const wanting = redactionTable()
    .filter(({ sure }) => sure)
    .filter((row) => row.recall < 1 || row.recallAtEgress < 1 || row.precision < 1);

  assert.deepEqual(wanting, []);
});

test("personal data and opaque text are recalled, and rarely seen where they are not", () => {
  const wanting = redactionTable().filter((row) => row.positives < 15 || row.recall < 0.95 || row.precision < 0.95);

  assert.deepEqual(wanting, []);
  assert.ok(negatives().length >= 300);
});
