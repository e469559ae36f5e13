import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { loadGuardrails } from "./load.ts";
import { faultsOf } from "./validate.ts";

const files = loadGuardrails();

test("the command says how many policies are valid", () => {
  const output = execFileSync(process.execPath, [join(import.meta.dirname, "validate.ts")], { encoding: "utf8" });

  assert.equal(output, `guardrails: ${Object.keys(files.policies).length} policies valid\n`);
});

test("the switch speaks first among the forbids", () => {
  const forbids = Object.entries(files.policies).filter(([, text]) => text.includes("@because"));

  assert.equal(forbids[0]?.[0], "off");
});

const faulty: readonly (readonly [string, string])[] = [
  [
    "an attribute that the schema lacks",
    '@approvals("0") permit (principal, action, resource) when { context.frozn };',
  ],
  [
    "a tier that the schema lacks",
    '@approvals("0") permit (principal, action, resource) when { context.tier == Quell::Tier::"T4" };',
  ],
  [
    "a condition that can never hold",
    '@approvals("0") permit (principal, action, resource) when { resource == Quell::Agent::"quell" };',
  ],
  ["no number of consents", "permit (principal, action, resource);"],
  ["a reason of its own", '@because("mood") forbid (principal, action, resource);'],
  ["a typing error", "permit (principal, action, resource"],
];
for (const [what, text] of faulty) {
  test(`a policy with ${what} is a fault that names the policy`, () => {
    const faults = faultsOf({ ...files, policies: { ...files.policies, strange: text } });

    assert.ok(
      faults.some((fault) => fault.includes("strange")),
      faults.join("\n"),
    );
  });
}
