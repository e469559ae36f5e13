import assert from "node:assert/strict";
import { test } from "node:test";
import { lintRunbook } from "../../functions/core/runbook-lint.ts";
import { contextWith } from "../context.fixture.ts";
import { page } from "./runbook.ts";

test("page is one suggestion without target or parameters, whatever is known", () => {
  const offers = page.suits(contextWith({}));

  assert.deepEqual(
    offers.map(({ target, params, evidence }) => ({ target, params, evidence })),
    [{ target: "", params: {}, evidence: [] }],
  );
  assert.deepEqual(lintRunbook(page), []);
});
