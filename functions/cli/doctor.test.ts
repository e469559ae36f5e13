import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { loadGuardrails } from "../../policies/guardrails/load.ts";
import { catalogue } from "../../runbooks/catalogue.ts";
import { cedarGuardrails } from "../adapters/cedar/guardrails.ts";
import { redact } from "../core/redact.ts";
import { doctor } from "./doctor.ts";
import { documentsFinding, guardFinding, redactionFinding } from "./doctor-agent.ts";
import { CHECKS } from "./doctor-checks.ts";
import { dependenciesCheck } from "./doctor-dependencies.ts";
import { type Check, type Finding, ok, problem, type Setup, warning } from "./doctor-finding.ts";
import { clockCheck, nodeCheck, storeCheck } from "./doctor-machine.ts";
import { drafterCheck, testDataCheck } from "./doctor-surroundings.ts";
import { quell } from "./quell.ts";
import type { Screen } from "./screen.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const folder = mkdtempSync(join(tmpdir(), "quell-doctor-test-"));
after(() => rmSync(folder, { recursive: true }));

const emptyFolder = (): string => mkdtempSync(join(folder, "case-"));

const setup: Setup = {
  root: ROOT,
  env: {},
  nowMs: Date.UTC(2100, 0, 1),
  temporary: folder,
  node: { version: "24.21.0", stripsTypes: true, knowsMain: true },
};

const listening = (isLive = false) => {
  const said = { out: "", err: "" };
  const screen: Screen = {
    write: (text) => {
      said.out += text;
    },
    writeError: (text) => {
      said.err += text;
    },
    paint: (_format, text) => text,
    isLive,
    canAsk: false,
  };
  return { said, screen };
};

const always = (name: string, finding: Finding): Check => ({ name, run: () => finding });

test("this copy of Quell is well, and the doctor says so as one JSON document", async () => {
  const { said, screen } = listening();

  const code = await quell(["doctor", "--json"], screen);

  const { schema, ok: isWell, checks } = JSON.parse(said.out);
  assert.deepEqual(
    checks.filter(({ status }: Finding) => status === "problem"),
    [],
  );
  assert.deepEqual([code, schema, isWell, said.err], [0, 1, true, ""]);
  assert.deepEqual(
    checks.map(({ name }: { name: string }) => name),
    CHECKS.map(({ name }) => name),
  );
  for (const check of checks) {
    assert.deepEqual(Object.keys(check).sort(), ["advice", "found", "milliseconds", "name", "status"]);
    assert.equal(check.status === "ok", check.advice === null);
  }
});

test("no check opens a connection", async (t) => {
  const connect = t.mock.method(Socket.prototype, "connect", () => {
    throw new Error("the doctor asked the network");
  });
  const { screen } = listening();

  const code = await doctor(true, screen, { ...setup, env: { ANTHROPIC_API_KEY: "set", AWS_REGION: "set" } });

  assert.equal(code, 0);
  assert.equal(connect.mock.callCount(), 0);
});

test("a problem is exit 1 and a warning is not; both say what to do, in a line of their own", async () => {
  const checks = [
    always("one", ok("fine")),
    always("two", warning("low", "fill it")),
    always("three", problem("gone", "buy it")),
  ];
  const { said, screen } = listening();

  const codes = [
    await doctor(false, screen, setup, checks),
    await doctor(true, listening().screen, setup, checks.slice(0, 2)),
  ];

  assert.deepEqual(codes, [1, 0]);
  assert.deepEqual(said.out.split("\n"), [
    "ok       one    fine",
    "warning  two    low",
    "                what to do: fill it",
    "problem  three  gone",
    "                what to do: buy it",
    "doctor: 3 checks; problems: 1, warnings: 1",
    "",
  ]);
});

test("a check that throws is a problem of its own, and the next ones are made all the same", async () => {
  const { said, screen } = listening();
  const thrown: Check = {
    name: "broken",
    run: async () => {
      throw new Error("Cannot find package 'zod'");
    },
  };

  const code = await doctor(true, screen, setup, [thrown, always("next", ok("fine"))]);

  const { ok: isWell, checks } = JSON.parse(said.out);
  assert.deepEqual([code, isWell], [1, false]);
  assert.deepEqual(
    checks.map(({ status }: Finding) => status),
    ["problem", "ok"],
  );
  assert.match(checks[0].found, /Cannot find package 'zod'/);
  assert.match(checks[0].advice, /npm ci/);
});

test("where no package is installed, the doctor itself still runs and says that this is the problem", () => {
  const bare = emptyFolder();
  for (const part of ["functions", "runbooks", "policies", "package.json", "package-lock.json"])
    cpSync(join(ROOT, part), join(bare, part), { recursive: true });

  const { status, stdout } = spawnSync(process.execPath, ["functions/cli/doctor.ts", "--json"], {
    cwd: bare,
    encoding: "utf8",
  });

  const { checks } = JSON.parse(stdout);
  assert.equal(status, 1);
  assert.match(checks.find(({ name }: { name: string }) => name === "dependencies").found, /is not installed.* more$/);
  assert.deepEqual(
    checks.map(({ name }: { name: string }) => name),
    CHECKS.map(({ name }) => name),
  );
});

for (const isLive of [true, false])
  test(`a check that takes long is named on stderr ${isLive ? "where somebody watches" : "to nobody where nobody watches"}`, async () => {
    const { said, screen } = listening(isLive);
    const slow: Check = {
      name: "slow",
      run: async () => {
        await sleep(20);
        return ok("at last");
      },
    };

    await doctor(true, screen, setup, [slow], 1);

    assert.match(said.err, isLive ? /^(quell: still looking at slow \.\.\.\n)+$/ : /^$/);
    assert.equal(JSON.parse(said.out).ok, true);
  });

test("no value of a key or a region is ever shown", async () => {
  const env = { ANTHROPIC_API_KEY: "value-of-the-key", AWS_REGION: "value-of-the-region" };
  const shown = [];
  for (const json of [true, false]) {
    const { said, screen } = listening(true);
    await doctor(json, screen, { ...setup, env });
    shown.push(said.out, said.err);
  }

  assert.doesNotMatch(shown.join(""), /value-of/);
  assert.match(shown.join(""), /ANTHROPIC_API_KEY is set, AWS_REGION is set/);
});

test("having no key and no region is no fault, and a blank one counts as none", async () => {
  const finding = await drafterCheck({ ...setup, env: { ANTHROPIC_API_KEY: " " } });

  assert.equal(finding.status, "ok");
  assert.match(finding.found, /^offline by default.*ANTHROPIC_API_KEY is not set, AWS_REGION is not set$/);
});

const NODES: readonly (readonly [says: string, node: Partial<Setup["node"]>, engines: string, status: string])[] = [
  ["the very least", { version: "20.1.2" }, ">=20.1.2", "ok"],
  ["newer in a place that counts more", { version: "21.0.0" }, ">=20.9.9", "ok"],
  ["a patch too old", { version: "20.1.1" }, ">=20.1.2", "problem"],
  ["a prerelease of it", { version: "24.0.0-nightly" }, ">=24", "ok"],
  ["one that cannot run TypeScript", { stripsTypes: false }, ">=20", "problem"],
  ["one that does not know the main file", { knowsMain: false }, ">=20", "problem"],
  ["any, where the range cannot be read", {}, "20 || 22", "problem"],
];
for (const [says, node, engines, status] of NODES)
  test(`a Node that is ${says}: ${status}`, () => {
    const root = emptyFolder();
    writeFileSync(join(root, "package.json"), JSON.stringify({ engines: { node: engines } }));

    const finding = nodeCheck({ ...setup, root, node: { ...setup.node, ...node } });

    assert.equal(finding.status, status);
  });

/** A project with one dependency, one tool and one package for another system; `installed` by folder. */
const project = (installed: Readonly<Record<string, string>>, asked = "1.0.0"): string => {
  const root = emptyFolder();
  const direct = { dependencies: { needed: "1.0.0" }, devDependencies: { tool: "2.0.0" } };
  const packages = {
    "": direct,
    "node_modules/needed": { version: "1.0.0" },
    "node_modules/needed/node_modules/inner": { version: "3.0.0" },
    "node_modules/tool": { version: "2.0.0", dev: true },
    "node_modules/elsewhere": { version: "4.0.0", optional: true },
  };
  writeFileSync(join(root, "package.json"), JSON.stringify({ ...direct, dependencies: { needed: asked } }));
  writeFileSync(join(root, "package-lock.json"), JSON.stringify({ packages }));
  for (const [name, version] of Object.entries(installed)) {
    mkdirSync(join(root, "node_modules", name), { recursive: true });
    writeFileSync(join(root, "node_modules", name, "package.json"), JSON.stringify({ version }));
  }
  return root;
};

const INSTALLED = { needed: "1.0.0", "needed/node_modules/inner": "3.0.0", tool: "2.0.0" };
const { tool: _tool, ...WITHOUT_TOOL } = INSTALLED;
const { needed: _needed, ...WITHOUT_NEEDED } = INSTALLED;
const PROJECTS: readonly (readonly [says: string, root: string, status: string, found: RegExp])[] = [
  ["is all there", project(INSTALLED), "ok", /^4 packages/],
  ["has another version", project({ ...INSTALLED, needed: "1.0.1" }), "problem", /needed is 1\.0\.1, not 1\.0\.0/],
  ["has another version within", project({ ...INSTALLED, "needed/node_modules/inner": "3" }), "problem", /inner is 3,/],
  [
    "has another version of a package for another system",
    project({ ...INSTALLED, elsewhere: "5" }),
    "problem",
    /elsewhere/,
  ],
  ["lacks a dependency", project(WITHOUT_NEEDED), "problem", /needed is not installed/],
  ["lacks a tool", project(WITHOUT_TOOL), "warning", /only for development: tool is not installed/],
  ["asks for another version than the lockfile", project(INSTALLED, "1.1.0"), "problem", /differ in needed/],
  ["has no lockfile", emptyFolder(), "problem", /package-lock\.json is missing/],
];
for (const [says, root, status, found] of PROJECTS)
  test(`a project that ${says}: ${status}`, () => {
    const finding = dependenciesCheck({ ...setup, root });

    assert.equal(finding.status, status);
    assert.match(finding.found, found);
  });

test("a clock that stands before the newest commit or package file is a warning", () => {
  const early = clockCheck({ ...setup, nowMs: Date.UTC(2020, 0, 1) });
  const withoutGit = clockCheck({ ...setup, root: project(INSTALLED), nowMs: Date.UTC(2020, 0, 1) });

  assert.deepEqual([early.status, withoutGit.status], ["warning", "warning"]);
  assert.match(early.found, /^2020-01-01T00:00:00\.000Z is before 2/);
});

test("a folder for temporary files that cannot be written is a problem, and a good one is left as it was", () => {
  const temporary = emptyFolder();

  const [good, bad] = [
    storeCheck({ ...setup, temporary }),
    storeCheck({ ...setup, temporary: join(temporary, "none") }),
  ];

  assert.deepEqual([good.status, bad.status], ["ok", "problem"]);
  assert.deepEqual(readdirSync(temporary), []);
});

test("a document that is not what its file says is a problem", async () => {
  const copy = emptyFolder();
  cpSync(join(ROOT, "runbooks"), copy, { recursive: true });
  const edited = catalogue.runbooks.find(({ documents }) => documents !== null)?.id ?? "";
  const whole = await documentsFinding(catalogue, copy);
  writeFileSync(join(copy, edited, "automation.yaml"), "schemaVersion: '0.3'\n");

  const finding = await documentsFinding(catalogue, copy);

  assert.deepEqual([whole.status, finding.status], ["ok", "problem"]);
  assert.ok(finding.found.includes(join(edited, "automation.yaml")));
});

test("guardrails without the switch, and an engine that cannot read them, are problems", async () => {
  const { policies, schema } = loadGuardrails();
  const { off: _off, ...withoutSwitch } = policies;

  const findings = [
    await guardFinding(cedarGuardrails(policies, schema)),
    await guardFinding(cedarGuardrails(withoutSwitch, schema)),
    await guardFinding(cedarGuardrails(policies, "no schema")),
  ];

  assert.deepEqual(
    findings.map(({ status }) => status),
    ["ok", "problem", "problem"],
  );
});

test("a redaction that lets a planted secret through is a problem that names its class and not the secret", () => {
  const blind = redactionFinding((text) => text);
  const halfBlind = redactionFinding((text) => (text.includes("AKIA") ? text : redact(text).text));

  assert.equal(blind.status, "problem");
  assert.deepEqual(halfBlind.found, "an AWS access key came through");
});

test("test data are optional, but what is named must be a folder that can be read", () => {
  const named = (QUELL_TEST_DATA: string) => testDataCheck({ ...setup, env: { QUELL_TEST_DATA } }).status;

  const found = [
    testDataCheck(setup).status,
    named(folder),
    named(join(folder, "none")),
    named(join(ROOT, "package.json")),
  ];

  assert.deepEqual(found, ["ok", "ok", "warning", "warning"]);
});
