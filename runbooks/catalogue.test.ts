import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { catalogue } from "./catalogue.ts";

const folders = readdirSync(new URL(".", import.meta.url), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

test("every folder is a runbook of the list, and every runbook has a folder of its id", () => {
  const ids = catalogue.runbooks.map(({ id }) => id);

  assert.deepEqual(ids.toSorted(), folders.toSorted());
});

test("the deployed names of all documents differ and end in their own hash", () => {
  const documents = catalogue.runbooks.flatMap(({ documents: own }) =>
    own === null ? [] : [own.automation, ...(own.undo === null ? [] : [own.undo])],
  );

  const names = documents.map(({ name }) => name);

  assert.equal(new Set(names).size, names.length);
  assert.ok(documents.every(({ name, hash }) => name.endsWith(`-${hash.slice(0, 12)}`)));
});

test("wait and page take no parameters, touch nothing and offer themselves at every decision", () => {
  const always = catalogue.runbooks.filter(({ documents }) => documents === null);

  assert.deepEqual(
    always.map(({ id, kind, tier, targetType }) => [id, kind, tier, targetType]),
    [
      ["wait", "wait", 0, null],
      ["page", "page", 0, null],
    ],
  );
  assert.ok(always.every(({ parameters }) => parameters.safeParse({}).success));
  assert.ok(always.every(({ parameters }) => !parameters.safeParse({ Service: "web" }).success));
});
