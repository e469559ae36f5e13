import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { z } from "zod";
import { ACCOUNT, API, contextWith, resource, runbookWith, settingsWith, WORKER } from "./guard.fixture.ts";
import { type Checked, findTarget, namesTarget, parseParams } from "./parameters.ts";
import type { Params, Runbook } from "./runbook.ts";

const settings = settingsWith();
const context = contextWith(settings);
const target = resource(API);
// Takes anything, so that only the shared checks stand in the way.
const lax = runbookWith({ parameters: z.record(z.string(), z.any()) });

const codeOf = (checked: Checked<unknown>): string => (checked.kind === "bad" ? checked.because.code : "ok");

const ATTACKS: readonly (readonly [string, unknown])[] = [
  ["a wildcard", "*"],
  ["a wildcard inside", "api-*"],
  ["nothing", ""],
  ["a blank", " "],
  ["a newline at the end", "api\n"],
  ["a second line", "api\nrm -rf /srv"],
  ["a carriage return", "api\r"],
  ["a null character", "api\u0000"],
  ["a substitution", "$(id)"],
  ["backticks", "`id`"],
  ["a chained command", "web-1 && rm -rf /srv"],
  ["a pipe", "api|sh"],
  ["a semicolon", "api;id"],
  ["an option", "-oProxyCommand=x"],
  ["a long option", "--force"],
  ["a parameter store reference", "{{ssm:x}}"],
  ["a secret reference", "{{resolve:secretsmanager:x}}"],
  ["a reference with blanks", "{{ ssm:x }}"],
  ["half a reference", "{{"],
  ["a list in one text", "api,worker"],
  ["a list of one", ["api"]],
  ["an empty list", []],
  ["500 ids", Array.from({ length: 500 }, (_, i) => `api-${i}`)],
  ["500 ids in one text", Array.from({ length: 500 }, (_, i) => `api-${i}`).join(",")],
  ["a selector", { Key: "tag:env", Values: ["*"] }],
  ["a pattern", "^api.*$"],
  ["a homoglyph", "\u0430pi"],
  ["a zero width space", "api\u200b"],
  ["a tag character", "api\u{e0041}"],
  ["a right-to-left override", "\u202eipa"],
  ["a full width letter", "\uff41pi"],
  ["a role", `arn:aws:iam::${ACCOUNT}:role/Admin`],
  ["a session", `arn:aws:sts::${ACCOUNT}:assumed-role/Admin/x`],
  ["markup", "<!channel>"],
  ["a path with blanks", "api /etc/passwd"],
  ["null", null],
  ["true", true],
  ["no number", Number.NaN],
  ["an infinite number", Number.POSITIVE_INFINITY],
  ["10,000 characters", "a".repeat(10_000)],
];

describe("a parameter that is no plain word or number is refused, even where the runbook's schema takes it", () => {
  for (const [what, value] of ATTACKS) {
    test(what, () => {
      const raw = { Cluster: "shop", Service: value };

      const checked = parseParams(lax, raw);

      assert.equal(codeOf(checked), "bad-parameter");
    });
  }
});

describe("parameters that are not the flat record of the runbook are refused", () => {
  const records: readonly (readonly [string, unknown])[] = [
    ["no record", null],
    ["a text", "Service=api"],
    ["a list", [["Service", "api"]]],
    ["a parameter that the runbook lacks", { Cluster: "shop", Service: "api", Force: "yes" }],
    ["a parameter that is missing", { Service: "api" }],
    ["a number beyond the runbook's bounds", { Cluster: "shop", Service: "api", Count: 11 }],
    ["a number as text", { Cluster: "shop", Service: "api", Count: "3" }],
    ["a tier and an approval", { Cluster: "shop", Service: "api", tier: "T0", approved: "true" }],
  ];
  for (const [what, raw] of records) {
    test(what, () => {
      const checked = parseParams(runbookWith(), raw);

      assert.equal(codeOf(checked), "bad-parameter");
    });
  }

  test("more than 16 parameters, whatever the schema takes", () => {
    const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`P${i}`, "x"]));

    const checked = [16, 17].map((count) => codeOf(parseParams(lax, many(count))));

    assert.deepEqual(checked, ["ok", "bad-parameter"]);
  });

  for (const name of ["AutomationAssumeRole", "automationassumerole", "RoleArn"]) {
    test(`a role under the name ${name}`, () => {
      const checked = parseParams(lax, { Service: "api", [name]: "Admin" });

      assert.equal(codeOf(checked), "bad-parameter");
    });
  }

  const changing: readonly (readonly [string, z.ZodType])[] = [
    ["drops one", z.object({ Cluster: z.string() })],
    ["adds one", z.object({ Cluster: z.string(), Service: z.string(), Count: z.number().default(3) })],
    ["changes one", z.object({ Cluster: z.string(), Service: z.string().toUpperCase() })],
  ];
  for (const [what, schema] of changing) {
    test(`a schema that ${what}: what is executed is what was read`, () => {
      const runbook = runbookWith({ parameters: schema as unknown as Runbook["parameters"] });

      const checked = parseParams(runbook, { Cluster: "shop", Service: "api" });

      assert.equal(codeOf(checked), "bad-parameter");
    });
  }
});

test("a refusal never repeats what a drafter wrote", () => {
  fc.assert(
    fc.property(fc.string({ minLength: 3 }), fc.string({ minLength: 3 }), (name, value) => {
      const marked = { [`evil ${name}`]: `evil ${value}` };

      const checked = [parseParams(runbookWith(), marked), namesTarget(runbookWith(), context, target, marked)];

      assert.ok(checked.every((one) => one.kind === "bad" && !one.because.detail.includes("evil")));
    }),
  );
});

test("anything but a string of plain printable ASCII is refused, whatever it is", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.anything()), (value) => {
      const plain = typeof value === "number" || (typeof value === "string" && /^[\w/][\w/.:@+=-]*$/.test(value));
      fc.pre(!plain);

      const checked = parseParams(lax, { Service: value });

      assert.equal(codeOf(checked), "bad-parameter");
    }),
    { numRuns: 2000 },
  );
});

describe("a target is one resource of the incident's own graph", () => {
  const targets: readonly (readonly [string, unknown])[] = [
    ["nothing", null],
    ["an empty text", ""],
    ["a wildcard", "*"],
    ["all of a kind", API.replace("api", "*")],
    ["a list", [API]],
    ["a resource that is not in the graph", API.replace("api", "other")],
    ["the same in another account", API.replace(ACCOUNT, "999999999999")],
    ["the same with a homoglyph", API.replace("api", "\u0430pi")],
    ["the same with a blank", `${API} `],
    ["the same in capitals", API.toUpperCase()],
    ["its name alone", "api"],
    ["an address range", "10.0.0.0/8"],
  ];
  for (const [what, arn] of targets) {
    test(`not ${what}`, () => {
      const found = findTarget(runbookWith(), context, settings, arn);

      assert.equal(codeOf(found), "target-not-in-graph");
    });
  }

  test("not one of another type than the runbook acts on", () => {
    const found = findTarget(runbookWith({ targetType: "AWS::RDS::DBInstance" }), context, settings, API);

    assert.equal(codeOf(found), "target-not-in-graph");
  });

  test("not one of another account, even if the graph holds it", () => {
    const foreign = API.replace(ACCOUNT, "999999999999");

    const found = findTarget(runbookWith(), { resources: [resource(foreign)] }, settings, foreign);

    assert.equal(codeOf(found), "target-not-in-graph");
  });

  test("but exactly it", () => {
    const found = findTarget(runbookWith(), context, settings, API);

    assert.equal(found.kind === "ok" && found.value.arn, API);
  });
});

describe("parameters speak of the target and of nothing else", () => {
  const cases: readonly (readonly [string, Readonly<Record<string, string | number>>, string])[] = [
    ["its parts", { Cluster: "shop", Service: "api" }, "ok"],
    ["its ARN", { Service: API }, "ok"],
    ["a version that its control plane reports", { Service: "api", TaskDefinition: "api:41" }, "ok"],
    ["a version that it changed from", { Service: "api", TaskDefinition: "api:39" }, "ok"],
    ["a number", { Service: "api", Count: 3 }, "ok"],
    ["no name at all", {}, "target-not-in-graph"],
    ["numbers alone", { Count: 3 }, "target-not-in-graph"],
    ["its cluster alone", { Cluster: "shop" }, "target-not-in-graph"],
    ["another resource of the graph", { Cluster: "shop", Service: "worker" }, "target-not-in-graph"],
    ["another ARN of the graph", { Service: WORKER }, "target-not-in-graph"],
    ["the same name in another cluster", { Cluster: "prod2", Service: "api" }, "target-not-in-graph"],
    ["the same ARN in another account", { Service: API.replace(ACCOUNT, "999999999999") }, "target-not-in-graph"],
    ["a version of another resource", { Service: "api", TaskDefinition: "worker:7" }, "target-not-in-graph"],
    ["a version that nobody reported", { Service: "api", TaskDefinition: "api:666" }, "target-not-in-graph"],
  ];
  const change = { id: "c", kind: "deployment", atMs: 0, ref: "", author: "", title: "", to: null } as const;
  const changes = [
    { ...change, target: API, from: "api:39" },
    { ...change, target: WORKER, from: "worker:7" },
  ];
  for (const [what, params, expected] of cases) {
    test(`${what}: ${expected}`, () => {
      const checked = namesTarget(lax, { changes }, target, params);

      assert.equal(codeOf(checked), expected);
    });
  }

  const ofRoot: readonly (readonly [string, Params, string])[] = [
    ["the root's ARN", { Cluster: target.root }, "ok"],
    ["the root's ARN and a word of the target", { Cluster: target.root, TaskDefinition: "api:41" }, "ok"],
    ["the root's name alone", { Cluster: "shop" }, "target-not-in-graph"],
    ["a word of the target alone", { TaskDefinition: "api:41" }, "target-not-in-graph"],
    ["another root", { Cluster: target.root.replace("/shop", "/prod2") }, "target-not-in-graph"],
    ["the root and another resource", { Cluster: target.root, Service: WORKER }, "target-not-in-graph"],
  ];
  for (const [what, params, expected] of ofRoot) {
    test(`where the runbook acts on the root of its target, ${what}: ${expected}`, () => {
      const checked = namesTarget({ ...lax, actsOn: "root" }, { changes }, target, params);

      assert.equal(codeOf(checked), expected);
    });
  }

  test("a runbook that acts on its target is not let act on the root of it", () => {
    const checked = namesTarget(lax, { changes }, target, { Cluster: target.root });

    assert.equal(codeOf(checked), "target-not-in-graph");
  });
});
