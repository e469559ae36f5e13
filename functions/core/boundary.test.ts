import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { openBoundary } from "./boundary.ts";
import { contextWith, resourceWith, snapshotWith } from "./example.fixture.ts";
import { redactTokens } from "./redact.ts";
import { positives } from "./redaction-corpus.fixture.ts";

const [{ secret: TOKEN } = { secret: "" }] = positives().filter(({ name }) => name === "jwt");
const family = fc
  .array(fc.constantFrom("auth", "token", "compass", "secret", "password", "basic", "api_key", "\u672c\u756a"), {
    minLength: 1,
    maxLength: 4,
  })
  .chain((words) => fc.constantFrom("-", ":", "/", ".", "_").map((joint) => words.join(joint)));

test("two versions of anything are two versions behind the boundary, whatever it is called", () => {
  fc.assert(
    fc.property(family, (name) => {
      const [before, after] = [41, 42].map((n) => `arn:aws:ecs:eu-west-1:123456789012:task-definition/${name}:${n}`);
      const attributes = { taskDefinition: `${after}`, previousTaskDefinition: `${before}` };
      const boundary = openBoundary();
      const bare = { kind: "deployment", atMs: 1, ref: "", author: "", title: "" } as const;

      const [resource] = boundary.resources([resourceWith({ arn: name, root: name, dependsOn: [name], attributes })]);
      const [change] = boundary.changes([{ ...bare, id: name, target: name, from: `${before}`, to: `${after}` }]);

      assert.deepEqual(resource?.attributes, attributes);
      assert.deepEqual([resource?.arn, resource?.root, resource?.dependsOn], [name, name, [name]]);
      assert.deepEqual([change?.id, change?.target, change?.from, change?.to], [name, name, before, after]);
      assert.deepEqual(boundary.redactions(), {});
    }),
  );
});

test("a tag or an attribute that is named like a secret holds none behind the boundary, and is counted", () => {
  const boundary = openBoundary();

  const [resource] = boundary.resources([
    resourceWith({
      tags: { password: "Hunter2xQ9", "quell:mode": "observe" },
      attributes: {
        AWS_SECRET_ACCESS_KEY: "wJalrXUtnFEMIK7MDENGbPx",
        "env.DB_PASSWORD": "Hunter2xQ9",
        desiredCount: 4,
      },
    }),
  ]);

  assert.deepEqual(resource?.tags, { password: "<password>", "quell:mode": "observe" });
  assert.deepEqual(Object.values(resource?.attributes ?? {}), ["<password>", "<password>", 4]);
  assert.deepEqual(boundary.redactions(), { password: 3 });
});

test("a token in a name is taken out of it, and metrics that differed in it alone stay two", () => {
  const boundary = openBoundary();
  const [series] = contextWith().series;
  assert.ok(series !== undefined);

  const ids = boundary
    .series([
      { ...series, id: TOKEN },
      { ...series, id: `${TOKEN}x` },
    ])
    .map(({ id }) => id);
  const [alarm] = boundary.alarms([snapshotWith({ key: `1/eu-west-1/${TOKEN}` })]);

  assert.equal(new Set(ids).size, 2);
  assert.ok(![...ids, alarm?.key].some((one) => one?.includes(TOKEN)));
  assert.equal(redactTokens(alarm?.key ?? "").text, alarm?.key);
});
