import assert from "node:assert/strict";
import { test } from "node:test";
import { lintRunbook } from "../../functions/core/runbook-lint.ts";
import { contextWith } from "../context.fixture.ts";
import { wait } from "./runbook.ts";

test("wait is one suggestion without target or parameters, whatever is known", () => {
  const offers = wait.suits(contextWith({}));

  assert.deepEqual(
    offers.map(({ target, params, evidence }) => ({ target, params, evidence })),
    [{ target: "", params: {}, evidence: [] }],
  );
  assert.deepEqual(lintRunbook(wait), []);
});

test("wait does not take blindness for calm: where no number can be read it stays below asking a person", () => {
  const [blind] = wait.suits(contextWith({ series: [] }));

  assert.ok((blind?.fit ?? 1) < 0.5);
});
