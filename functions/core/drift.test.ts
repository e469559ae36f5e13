import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { driftOf } from "./drift.ts";
import { catalogueOf, chapterWith, page, resourceWith, runbookWith, wait } from "./example.fixture.ts";
import { decisionRecord } from "./record.ts";

const scaling = runbookWith({ departsFrom: "the service's DesiredCount" });
const IN_STACK = { "aws:cloudformation:stack-name": "shop-api" };

describe("what a runbook departs from", () => {
  const cases: readonly (readonly [string, Readonly<Record<string, string>>, RegExp | null])[] = [
    ["is the stack that its target's tag names", IN_STACK, /from stack shop-api: .* the service's DesiredCount/],
    ["is what Terraform holds, by its modules' tag", { Terraform: "true" }, /from what Terraform holds/],
    ["is what a manager's tag names", { "managed-by": "Pulumi" }, /from what Pulumi holds/],
    ["is the stack, where two tags speak", { ...IN_STACK, ManagedBy: "cdk" }, /from stack shop-api/],
    ["is nothing where no tag says so", { team: "shop" }, null],
    ["is nothing that a tag's own words invent", { "managed-by": "constructor" }, null],
    ["is no stack of a name that none can have", { "aws:cloudformation:stack-name": "a b <c>" }, null],
    ["is nothing where Terraform is said to be away", { terraform: "false" }, null],
  ];
  for (const [name, tags, expected] of cases) {
    test(`${name}`, () => {
      const drift = driftOf(scaling, resourceWith({ tags }));

      assert.equal(drift === null, expected === null);
      assert.match(drift ?? "", expected ?? /^$/);
    });
  }
});

test("a runbook that leaves the configuration as it was departs from nothing", () => {
  const drift = driftOf(runbookWith(), resourceWith({ tags: IN_STACK }));

  assert.equal(drift, null);
});

test("the record of a plan says what it departs from, and null where no tag does", () => {
  const catalogue = catalogueOf(scaling, wait, page);
  const tagged = chapterWith({}, { target: resourceWith({ tags: IN_STACK }) });

  const [said, silent] = [tagged, chapterWith()].map((chapter) => decisionRecord(catalogue, chapter).plan?.drift);

  assert.match(said ?? "", /stack shop-api/);
  assert.equal(silent, null);
});
