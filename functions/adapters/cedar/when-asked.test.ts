import assert from "node:assert/strict";
import { test } from "node:test";
import { loadGuardrails } from "../../../policies/guardrails/load.ts";
import type { GuardRequest } from "../../core/stages.ts";
import { guardrailsContract } from "../contracts/guardrails.contract.ts";
import { cedarGuardrails } from "./guardrails.ts";
import { factsOf } from "./space.fixture.ts";
import { guardrailsWhenAsked } from "./when-asked.ts";

const { policies, schema } = loadGuardrails();
const request: GuardRequest = {
  ...{ effect: true, tier: 0, environment: "production", mode: "auto" },
  facts: factsOf(0),
};

guardrailsContract("Cedar, loaded when it is asked,", () => guardrailsWhenAsked(policies, schema));

test("guardrails have one hash, whether their engine is loaded or not", () => {
  const [at, later] = [cedarGuardrails(policies, schema), guardrailsWhenAsked(policies, schema)];

  assert.equal(later.hash, at.hash);
});

test("the engine is loaded by the first question, and once", async () => {
  let loads = 0;
  const guardrails = guardrailsWhenAsked(policies, schema, async () => {
    loads += 1;
    return { cedarGuardrails };
  });
  const before = loads;

  const answers = await Promise.all([guardrails.ask(request), guardrails.ask(request)]);

  assert.deepEqual([before, loads], [0, 1]);
  assert.deepEqual(answers[0], await cedarGuardrails(policies, schema).ask(request));
});

test("an engine that cannot be loaded refuses, and the next question finds it once it can be", async () => {
  let isThere = false;
  const guardrails = guardrailsWhenAsked(policies, schema, async () => {
    if (isThere) return { cedarGuardrails };
    throw new Error("no such file cedar_wasm_bg.wasm");
  });

  const refused = await guardrails.ask(request);
  isThere = true;
  const asked = await guardrails.ask(request);

  assert.equal(refused.kind === "refused" && refused.because.code, "guard-error");
  assert.match(JSON.stringify(refused), /The policy engine was not loaded: no such file cedar_wasm_bg\.wasm\./);
  assert.deepEqual(asked, await cedarGuardrails(policies, schema).ask(request));
});
